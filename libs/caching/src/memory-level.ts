import { LRUCache } from 'lru-cache';
import { absentPayload } from './payload.ts';
import { leaseMs } from './second-level.ts';
import type { FillOutcome, Reading, SecondLevel } from './second-level.ts';

interface Stored {
  readonly payload: string;
  readonly until: number;
  readonly generation: number;
}

interface Lock {
  readonly lease: string;
  readonly until: number;
  readonly generation: number;
}

/** The second level in the process: what the Lua scripts do in Redis, on two bounded maps. */
export class MemoryLevel implements SecondLevel {
  readonly #entries: LRUCache<string, Stored>;
  readonly #locks: LRUCache<string, Lock>;
  /** Of each namespace that was ever cleared; an entry of a former generation does not count. */
  readonly #generations = new Map<string, number>();
  #leases = 0;

  /** @param maxBytes of all payloads together, as far as their characters tell; no bound unless given. */
  constructor(maxEntries: number, maxBytes?: number) {
    this.#entries = new LRUCache({
      max: maxEntries,
      ...(maxBytes !== undefined && {
        maxSize: maxBytes,
        sizeCalculation: ({ payload }: Stored) => payload.length + 1,
      }),
    });
    this.#locks = new LRUCache({ max: maxEntries });
  }

  async read(namespace: string, id: string, staleMs: number): Promise<Reading> {
    const slot = `${namespace}:${id}`;
    const now = performance.now();
    const stored = this.#entries.get(slot);
    const generation = this.#generation(namespace);
    if (stored === undefined || stored.generation !== generation || stored.until <= now) {
      const lease = this.#lock(slot, generation, now);
      return lease === undefined ? {} : { lease };
    }
    const entry = { payload: stored.payload, leftMs: stored.until - now };
    if (entry.leftMs > staleMs || stored.payload === absentPayload) return { entry };
    const lease = this.#lock(slot, generation, now);
    return lease === undefined ? { entry } : { entry, lease };
  }

  async fill(
    namespace: string,
    id: string,
    lease: string,
    payload: string,
    keepMs: number,
  ): Promise<FillOutcome> {
    const slot = `${namespace}:${id}`;
    const generation = this.#generation(namespace);
    const now = performance.now();
    if (!this.#holds(slot, generation, lease, now)) return 'refused';
    this.#locks.delete(slot);
    if (keepMs > 0) this.#entries.set(slot, { payload, until: now + keepMs, generation });
    else this.#entries.delete(slot);
    return 'filled';
  }

  async renew(namespace: string, id: string, lease: string): Promise<boolean> {
    const slot = `${namespace}:${id}`;
    const now = performance.now();
    const generation = this.#generation(namespace);
    if (!this.#holds(slot, generation, lease, now)) return false;
    this.#locks.set(slot, { lease, until: now + leaseMs, generation });
    return true;
  }

  async release(namespace: string, id: string, lease: string): Promise<void> {
    const slot = `${namespace}:${id}`;
    if (this.#locks.get(slot)?.lease === lease) this.#locks.delete(slot);
  }

  async discard(namespace: string, id: string): Promise<void> {
    this.#entries.delete(`${namespace}:${id}`);
  }

  async invalidate(namespace: string, ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      this.#entries.delete(`${namespace}:${id}`);
      this.#locks.delete(`${namespace}:${id}`);
    }
  }

  async clear(namespace: string): Promise<void> {
    this.#generations.set(namespace, this.#generation(namespace) + 1);
  }

  healthy(): boolean {
    return true;
  }

  async close(): Promise<void> {
    this.#entries.clear();
    this.#locks.clear();
  }

  #generation(namespace: string): number {
    return this.#generations.get(namespace) ?? 0;
  }

  #lock(slot: string, generation: number, now: number): string | undefined {
    const held = this.#locks.get(slot);
    if (held !== undefined && held.generation === generation && held.until > now) return undefined;
    const lease = String((this.#leases += 1));
    this.#locks.set(slot, { lease, until: now + leaseMs, generation });
    return lease;
  }

  #holds(slot: string, generation: number, lease: string, now: number): boolean {
    const held = this.#locks.get(slot);
    return held?.lease === lease && held.generation === generation && held.until > now;
  }
}
