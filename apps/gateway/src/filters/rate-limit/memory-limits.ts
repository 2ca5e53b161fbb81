import { MemoryStore } from 'express-rate-limit';
import type { Options } from 'express-rate-limit';
import type { Counted, Limits, Rate } from './limits.ts';

/**
 * Partitions that are counted one by one in a window; those that come after are counted together, so
 * that who invents keys cannot fill the memory.
 */
const MOST_PARTITIONS = 100_000;
const ALL_OTHERS = '';

/** Counts in this process, in the store of express-rate-limit. */
export class MemoryLimits implements Limits {
  readonly #store = new MemoryStore();
  readonly #limit: number;

  constructor({ limit, windowMs }: Rate) {
    this.#limit = limit;
    this.#store.init({ windowMs } as Options);
  }

  count(key: string): Counted {
    const { current } = this.#store;
    let now = Date.now();
    let client = current.get(key);
    if (client !== undefined && client.resetTime.getTime() > now) client.totalHits += 1;
    else {
      const counted = client !== undefined || current.size < MOST_PARTITIONS ? key : ALL_OTHERS;
      // The store counts before it returns; its promise is only the form of its interface.
      void this.#store.increment(counted);
      client = current.get(counted) as NonNullable<typeof client>;
      now = Date.now();
    }
    const remaining = this.#limit - client.totalHits;
    return {
      passed: remaining >= 0,
      remaining: remaining < 0 ? 0 : remaining,
      resetInMs: client.resetTime.getTime() - now,
    };
  }

  close(): void {
    this.#store.shutdown();
  }
}
