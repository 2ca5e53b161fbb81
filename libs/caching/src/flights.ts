/** One look-up on its way. */
export interface Flight {
  /** For the callers on board. */
  result: Promise<unknown>;
  /** False once an invalidation has come: what it brings may be old and is not kept. */
  valid: boolean;
}

/** The flights of a namespace, at most one a key that callers may join. */
export class Flights {
  readonly #joinable = new Map<string, Flight>();
  /**
   * What goes on when the callers have their answer: fills, and loads behind a stale answer. Nobody
   * joins them: until the message of another replica's invalidation is here, that would be to be
   * given an old answer, and Redis, asked after the fill on the same connection, knows better.
   */
  readonly #afterwards = new Map<string, Flight>();

  get(id: string): Flight | undefined {
    return this.#joinable.get(id);
  }

  depart(id: string): Flight {
    const flight: Flight = { valid: true, result: Promise.resolve() };
    this.#joinable.set(id, flight);
    return flight;
  }

  /** Lets a flight go on with nobody on board: the one given, or a new one. */
  release(id: string, flight: Flight = { valid: true, result: Promise.resolve() }): Flight {
    this.land(id, flight);
    const former = this.#afterwards.get(id);
    if (former !== undefined) former.valid = false;
    this.#afterwards.set(id, flight);
    return flight;
  }

  /** Ends a flight, unless an invalidation has put another in its place. */
  land(id: string, flight: Flight): void {
    for (const flights of [this.#joinable, this.#afterwards]) {
      if (flights.get(id) === flight) flights.delete(id);
    }
  }

  invalidate(id: string): void {
    for (const flights of [this.#joinable, this.#afterwards]) {
      const flight = flights.get(id);
      if (flight === undefined) continue;
      flight.valid = false;
      flights.delete(id);
    }
  }

  invalidateAll(): void {
    for (const id of [...this.#joinable.keys(), ...this.#afterwards.keys()]) this.invalidate(id);
  }
}
