import { Redis } from 'ioredis';
import type { Logger } from '@woodytoys/service';
import type { SharedRedis } from '../plugin.ts';

/** What is shared is not worth waiting longer for. */
const COMMAND_TIMEOUT_MS = 200;
const LONGEST_RECONNECT_MS = 2_000;

/**
 * Connects to the Redis that the replicas share. A command fails at once while there is no
 * connection, and after `commandTimeoutMs` when there is one that does not answer: nothing queues up.
 */
export function connectRedis(
  url: string,
  log: Logger,
  commandTimeoutMs = COMMAND_TIMEOUT_MS,
): SharedRedis & { close(): Promise<void> } {
  const redis = new Redis(url, {
    connectionName: 'gateway',
    enableOfflineQueue: false,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 1_000,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, LONGEST_RECONNECT_MS),
  });
  // Each limiter listens; how many there are is the configuration's matter.
  redis.setMaxListeners(0);
  let failing = false;
  redis.on('error', (error: Error) => {
    if (!failing)
      log.warn({ error }, 'no connection to Redis; each filter goes on by its own policy');
    failing = true;
  });
  redis.on('ready', () => {
    if (failing) log.info('connected to Redis again');
    failing = false;
  });
  return {
    url,
    call: (command, ...args) => redis.call(command, ...args),
    on: (event, listener) => redis.on(event, listener),
    off: (event, listener) => redis.off(event, listener),
    async close() {
      redis.disconnect();
    },
  };
}
