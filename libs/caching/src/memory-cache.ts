import type { CacheMetrics } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import { createCache } from './cache.ts';
import { MemoryLevel } from './memory-level.ts';
import type { Cache } from './types.ts';

export interface MemoryCacheOptions {
  readonly log: Logger;
  readonly metrics?: CacheMetrics;
  /** Entries over all namespaces; the least recently used go first. Default 50,000. */
  readonly entries?: number;
  /** Entries kept parsed, for at most a policy's `firstLevelMs`. Default 10,000. */
  readonly firstLevelEntries?: number;
}

/** A cache of one process, which behaves as the one over Redis does with a single replica. */
export function createMemoryCache(options: MemoryCacheOptions): Cache {
  return createCache({
    log: options.log,
    metrics: options.metrics,
    firstLevelEntries: options.firstLevelEntries ?? 10_000,
    secondLevel: () => new MemoryLevel(options.entries ?? 50_000),
  });
}
