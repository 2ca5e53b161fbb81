import type { CacheMetrics } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import type { FirstLevel } from './first-level.ts';
import { Flights } from './flights.ts';
import type { Flight } from './flights.ts';
import { boundedKey } from './keys.ts';
import { keepLease, readOrWait } from './lease.ts';
import { absentPayload, decodePayload, encodePayload } from './payload.ts';
import { jittered } from './policy.ts';
import type { ResolvedPolicy } from './policy.ts';
import type { Reading, SecondLevel } from './second-level.ts';
import type { CacheNamespace } from './types.ts';

export interface ReadThroughParts {
  readonly name: string;
  readonly policy: ResolvedPolicy;
  readonly firstLevel: FirstLevel;
  readonly secondLevel: SecondLevel;
  readonly metrics: CacheMetrics;
  readonly log: Logger;
}

/** A namespace: first level, then the flight of another caller, then second level, then the origin. */
export class ReadThrough<T> implements CacheNamespace<T> {
  readonly policy: ResolvedPolicy;
  readonly #name: string;
  readonly #first: FirstLevel;
  readonly #second: SecondLevel;
  readonly #metrics: CacheMetrics;
  readonly #log: Logger;
  readonly #flights = new Flights();
  #epoch = 0;

  constructor(parts: ReadThroughParts) {
    this.policy = parts.policy;
    this.#name = parts.name;
    this.#first = parts.firstLevel;
    this.#second = parts.secondLevel;
    this.#metrics = parts.metrics;
    this.#log = parts.log;
  }

  get(key: string, load: () => Promise<T | undefined>): Promise<T | undefined> {
    const id = boundedKey(key);
    const kept = this.#first.get(this.#name, id, this.#epoch);
    if (kept !== undefined) {
      this.#metrics.hit(this.#name, 'memory');
      if (kept.stale) this.#metrics.stale(this.#name);
      return kept.result as Promise<T | undefined>;
    }
    const flight = this.#flights.get(id) ?? this.#depart(id, load);
    return flight.result as Promise<T | undefined>;
  }

  async invalidate(...keys: readonly string[]): Promise<void> {
    const ids = [...new Set(keys.map(boundedKey))];
    if (ids.length === 0) return;
    await this.#second.invalidate(this.#name, ids);
    // Not before: what reads the second level until it forgets would be kept.
    this.drop(ids);
  }

  async clear(): Promise<void> {
    await this.#second.clear(this.#name);
    this.drop();
  }

  /** Forgets in this process only; everything when `ids` is left out. */
  drop(ids?: readonly string[]): void {
    if (ids === undefined) {
      this.#epoch += 1;
      this.#flights.invalidateAll();
      return;
    }
    for (const id of ids) {
      this.#first.delete(this.#name, id);
      this.#flights.invalidate(id);
    }
  }

  #depart(id: string, load: () => Promise<T | undefined>): Flight {
    const flight = this.#flights.depart(id);
    flight.result = this.#answer(id, load, flight);
    return flight;
  }

  async #answer(
    id: string,
    load: () => Promise<T | undefined>,
    flight: Flight,
    discarded = false,
  ): Promise<unknown> {
    const reading = await this.#read(id);
    if (reading?.entry === undefined) {
      this.#metrics.miss(this.#name);
      return this.#load(id, load, flight, reading?.lease);
    }
    const { payload, leftMs } = reading.entry;
    let value: unknown;
    try {
      value = decodePayload(payload);
    } catch (error) {
      this.#metrics.error('decode');
      this.#log.warn({ err: error, namespace: this.#name, key: id }, 'cache entry discarded');
      if (!discarded) {
        await this.#second.discard(this.#name, id);
        return this.#answer(id, load, flight, true);
      }
      this.#metrics.miss(this.#name);
      return this.#load(id, load, flight, reading.lease);
    }
    this.#metrics.hit(this.#name, 'redis');
    const freshMs = payload === absentPayload ? leftMs : leftMs - this.policy.staleMs;
    const stale = freshMs <= 0;
    this.#keepFirst(id, flight, value, stale ? leftMs : freshMs, stale);
    this.#flights.land(id, flight);
    if (stale) {
      this.#metrics.stale(this.#name);
      if (reading.lease !== undefined) this.#refresh(id, load, reading.lease);
    }
    return value;
  }

  /** Reads, and waits while another replica loads. Without entry and lease: load all the same. */
  async #read(id: string): Promise<Reading | undefined> {
    const reading = await readOrWait(this.#second, this.#name, id, {
      staleMs: this.policy.staleMs,
      longestMs: this.policy.waitMs,
    });
    if (reading !== 'waited in vain') return reading;
    this.#log.warn(
      { namespace: this.#name, key: id, waitedMs: this.policy.waitMs },
      'another replica has been loading this cache entry for too long; loading it here too',
    );
    return undefined;
  }

  async #load(
    id: string,
    load: () => Promise<T | undefined>,
    flight: Flight,
    lease: string | undefined,
  ): Promise<unknown> {
    const stopRenewal = this.#renew(id, flight, lease);
    try {
      const payload = await this.#ask(load);
      const value = decodePayload(payload);
      this.#flights.release(id, flight);
      void this.#keep(id, flight, lease, payload, value).then(() => {
        stopRenewal();
        this.#flights.land(id, flight);
      });
      return value;
    } catch (error) {
      stopRenewal();
      if (lease !== undefined) void this.#second.release(this.#name, id, lease);
      this.#flights.land(id, flight);
      throw error;
    }
  }

  /** Loads behind a stale answer. */
  #refresh(id: string, load: () => Promise<T | undefined>, lease: string): void {
    const flight = this.#flights.release(id);
    const stopRenewal = this.#renew(id, flight, lease);
    const done = (): void => {
      stopRenewal();
      this.#flights.land(id, flight);
    };
    this.#ask(load)
      .then((payload) => this.#keep(id, flight, lease, payload, decodePayload(payload)))
      .then(done, (error: unknown) => {
        done();
        // The lease is left to run out: until then nobody asks the failing origin again.
        this.#log.warn(
          { err: error, namespace: this.#name, key: id },
          'a stale cache entry could not be loaded anew; it is served on until its stale time ends',
        );
      });
  }

  /** Asks the origin, and gives its answer as a payload. */
  async #ask(load: () => Promise<T | undefined>): Promise<string> {
    const start = performance.now();
    let outcome: 'ok' | 'absent' | 'error' = 'error';
    try {
      const payload = encodePayload(await load());
      outcome = payload === absentPayload ? 'absent' : 'ok';
      return payload;
    } finally {
      this.#metrics.load(this.#name, (performance.now() - start) / 1_000, outcome);
    }
  }

  async #keep(
    id: string,
    flight: Flight,
    lease: string | undefined,
    payload: string,
    value: unknown,
  ): Promise<void> {
    const absent = payload === absentPayload;
    const freshMs = jittered(absent ? this.policy.negativeTtlMs : this.policy.ttlMs);
    if (lease !== undefined) {
      const keepMs = absent ? freshMs : freshMs + this.policy.staleMs;
      const outcome = await this.#second.fill(this.#name, id, lease, payload, keepMs);
      if (outcome === 'refused') return;
    }
    this.#keepFirst(id, flight, value, freshMs, false);
  }

  #keepFirst(id: string, flight: Flight, value: unknown, forMs: number, stale: boolean): void {
    const keepMs = Math.min(forMs, this.policy.firstLevelMs);
    if (!flight.valid || keepMs <= 0) return;
    this.#first.set(this.#name, id, {
      result: Promise.resolve(value),
      until: performance.now() + keepMs,
      stale,
      epoch: this.#epoch,
    });
  }

  /** Keeps a lease until the result is called. */
  #renew(id: string, flight: Flight, lease: string | undefined): () => void {
    if (lease === undefined) return () => {};
    return keepLease(this.#second, this.#name, id, lease, () => {
      // Another replica has forgotten the key, and its message may be lost: join it no more.
      flight.valid = false;
      this.#flights.land(id, flight);
    });
  }
}
