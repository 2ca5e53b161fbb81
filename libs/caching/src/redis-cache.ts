import type { CacheMetrics } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import type { Tracing } from '@woodytoys/tracing';
import { createCache } from './cache.ts';
import { defaultCommandTimeoutMs } from './redis-link.ts';
import { RedisLevel } from './redis-level.ts';
import { traceLevel } from './traced-level.ts';
import type { Cache } from './types.ts';

export interface RedisCacheOptions {
  /** `redis://` or, for TLS, `rediss://`; user, password and database number as usual in it. */
  readonly url: string;
  /** Keeps what shares a Redis apart. Default `cache`. */
  readonly prefix?: string;
  /**
   * Whose entries these are: processes that give the same service (and prefix) share entries and
   * hear each other's invalidations. A worker gives the name of the service whose data it changes.
   */
  readonly service: string;
  readonly log: Logger;
  readonly metrics?: CacheMetrics;
  /** Makes spans of what is asked for a span; none unless given. */
  readonly tracing?: Tracing | undefined;
  /** Entries that the process keeps itself, over all namespaces. Default 10,000. */
  readonly firstLevelEntries?: number;
  /** How long a read waits for an answer of Redis before it asks the origin. Default 200 ms. */
  readonly commandTimeoutMs?: number;
}

/**
 * A cache over one Redis that all replicas of a service share. It connects in the background and
 * gives answers at once: without Redis they come from the origin. Meant for a single Redis or one
 * behind a fail-over address, not for Redis Cluster.
 *
 * @throws TypeError when the URL is not one of Redis.
 */
export function createRedisCache(options: RedisCacheOptions): Cache {
  const { url, prefix = 'cache', service, log, tracing } = options;
  const { commandTimeoutMs = defaultCommandTimeoutMs } = options;
  if (!/^rediss?:\/\//i.test(url) || !URL.parse(url)?.hostname) {
    // The URL may hold a password, so it is not repeated.
    throw new TypeError(
      'The URL of the cache is not one of Redis: expected redis://[user:password@]host[:port][/database].',
    );
  }
  return createCache({
    log,
    metrics: options.metrics,
    firstLevelEntries: options.firstLevelEntries ?? 10_000,
    secondLevel: (drop, metrics) => {
      const keyspace = `${prefix}:${service}`;
      const level = new RedisLevel({ url, keyspace, commandTimeoutMs, log, metrics, drop });
      return tracing === undefined ? level : traceLevel(level, tracing, url);
    },
  });
}
