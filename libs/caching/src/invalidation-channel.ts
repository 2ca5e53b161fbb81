import { Redis } from 'ioredis';
import type { CacheMetrics } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import { answered, disconnect, redisOptions } from './redis-link.ts';
import type { Drop } from './second-level.ts';

/** A subscriber sends nothing by itself, so that only a ping tells a dead connection. */
const pingMs = 5_000;
/** Nobody waits for it. */
const subscribeTimeoutMs = 2_000;

export interface InvalidationMessage {
  /** The cache that sent it, which has dropped already. */
  readonly from: string;
  readonly namespace: string;
  /** Left out for the whole namespace. */
  readonly ids?: readonly string[];
}

export interface InvalidationChannelParts {
  readonly url: string;
  readonly connectionName: string;
  readonly channel: string;
  readonly self: string;
  readonly log: Logger;
  readonly metrics: CacheMetrics;
  readonly drop: (what: Drop) => void;
}

/**
 * Hears what other replicas forget. A message lost costs at most a policy's `firstLevelMs`; after
 * each time without a subscription the whole first level is dropped.
 */
export class InvalidationChannel {
  readonly #client: Redis;
  readonly #pings: NodeJS.Timeout;

  constructor(parts: InvalidationChannelParts) {
    const { channel, log, metrics, drop } = parts;
    this.#client = new Redis(parts.url, redisOptions(parts.connectionName));
    // The link to the same Redis logs the same trouble.
    this.#client.on('error', (error: Error) =>
      log.debug({ err: error }, 'the cache hears no invalidations'),
    );
    this.#client.on('ready', () => {
      answered(this.#client.subscribe(channel), subscribeTimeoutMs).then(
        () => drop({}),
        (error: unknown) => {
          metrics.error('subscribe');
          log.warn({ err: error, channel }, 'the cache could not subscribe to invalidations');
          this.#client.disconnect(true);
        },
      );
    });
    this.#client.on('message', (_channel, text) => {
      const message = parseMessage(text);
      if (message === undefined) {
        metrics.error('message');
        log.warn({ channel }, 'an invalidation could not be read; the first level is dropped');
        drop({});
      } else if (message.from !== parts.self) {
        drop(message);
      }
    });
    this.#pings = setInterval(() => {
      if (this.#client.status !== 'ready') return;
      // The socket's timeout ends a connection that does not answer.
      this.#client.ping().catch((error: unknown) => log.debug({ err: error }, 'ping failed'));
    }, pingMs);
    this.#pings.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#pings);
    await disconnect(this.#client);
  }
}

function parseMessage(text: string): InvalidationMessage | undefined {
  try {
    const { from, namespace, ids } = JSON.parse(text) as Record<string, unknown>;
    if (typeof from !== 'string' || typeof namespace !== 'string') return undefined;
    if (ids === undefined) return { from, namespace };
    if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) return undefined;
    return { from, namespace, ids };
  } catch {
    return undefined;
  }
}
