import { MessagingError } from '../errors.ts';

interface Waiter {
  enter(): void;
}

/** A bound on how many things are under way at once, first come first served. */
export class Slots {
  readonly #limit: number;
  readonly #waiting = new Set<Waiter>();
  readonly #idle: (() => void)[] = [];
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves when no slot is taken. */
  async idle(): Promise<void> {
    if (this.#taken > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /**
   * Takes a slot, waiting for one if need be.
   *
   * @returns gives the slot back; call it once
   * @throws MessagingError `overloaded` when none came free within `timeoutMs`
   */
  async take(timeoutMs: number): Promise<() => void> {
    if (this.#taken < this.#limit) this.#taken += 1;
    else await this.#wait(timeoutMs);
    return () => this.#leave();
  }

  #wait(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        reject(
          new MessagingError(
            'overloaded',
            `${this.#limit} messages wait for the broker's confirmation, the most allowed, and none ` +
              `came within ${timeoutMs} ms; publish again later.`,
          ),
        );
      }, timeoutMs);
      const waiter: Waiter = {
        enter() {
          clearTimeout(timer);
          resolve();
        },
      };
      this.#waiting.add(waiter);
    });
  }

  /** Hands the slot to who has waited longest. */
  #leave(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#taken -= 1;
      if (this.#taken === 0) for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#waiting.delete(next);
    next.enter();
  }
}
