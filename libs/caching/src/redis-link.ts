import { Redis } from 'ioredis';
import type { CacheMetrics } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import { defineScripts } from './redis-scripts.ts';
import type { ScriptedRedis } from './redis-scripts.ts';

/** What a reader loses at most to a Redis that has stopped answering, until the link is cut. */
export const defaultCommandTimeoutMs = 200;
/** So many commands in a row without an answer, and Redis is left alone until it answers again. */
const failuresToCut = 3;
const fastestProbeMs = 100;
const slowestProbeMs = 1_000;

/** Options of every connection to Redis that the cache makes. */
export function redisOptions(connectionName: string) {
  return {
    connectionName,
    // Nothing may pile up for a Redis that is away, nor be sent twice.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    // A connection with commands under way and no data for this long is dead: TCP would take minutes.
    socketTimeout: 2_000,
    // A primary that was demoted: its address may lead to the new one.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    retryStrategy: (attempt: number) =>
      Math.min(25 * 2 ** Math.min(attempt, 10), 1_000) * (0.75 + Math.random() / 2),
  } as const;
}

export interface RedisLinkParts {
  readonly url: string;
  readonly connectionName: string;
  readonly commandTimeoutMs: number;
  readonly log: Logger;
  readonly metrics: CacheMetrics;
  /** Brings Redis up to date before it is believed; rejects when that failed. */
  readonly reconcile: (client: ScriptedRedis, runId: string) => Promise<void>;
  readonly isReconciled: () => boolean;
}

/**
 * A connection to Redis and whether Redis is believed. It is cut as soon as the connection goes,
 * commands time out or an invalidation fails, and closed again only after a probe and `reconcile`.
 */
export class RedisLink {
  readonly #parts: RedisLinkParts;
  readonly #client: ScriptedRedis;
  #trusted = false;
  #failures = 0;
  #connections = 0;
  #probing = false;
  #probeMs = fastestProbeMs;
  #probeTimer: NodeJS.Timeout | undefined;
  #lastError: Error | undefined;
  #closed = false;

  constructor(parts: RedisLinkParts) {
    this.#parts = parts;
    this.#client = defineScripts(new Redis(parts.url, redisOptions(parts.connectionName)));
    this.#client.on('error', (error: Error) => this.#noteError(error));
    this.#client.on('close', () => {
      this.#connections += 1;
      this.cut(new Error('The connection to Redis was closed.'));
    });
    this.#client.on('ready', () => void this.#probe());
  }

  get trusted(): boolean {
    return this.#trusted;
  }

  /** What `send` gives, or `undefined` when Redis is not believed or has failed; never rejects. */
  async run<R>(
    operation: string,
    send: (client: ScriptedRedis) => Promise<R>,
  ): Promise<R | undefined> {
    if (!this.#trusted) {
      this.#parts.metrics.error(operation);
      return undefined;
    }
    try {
      const result = await answered(send(this.#client), this.#parts.commandTimeoutMs);
      this.#failures = 0;
      return result;
    } catch (error) {
      this.#parts.metrics.error(operation);
      this.#parts.log.debug({ err: error, operation }, 'a cache command failed');
      // An error reply costs no time and says that Redis is there; only silence is counted.
      if (!isReply(error)) {
        this.#failures += 1;
        if (this.#failures >= failuresToCut) this.cut(error as Error);
      }
      return undefined;
    }
  }

  /** Stops believing Redis until it has been probed and reconciled. */
  cut(cause: Error): void {
    if (this.#closed) return;
    if (this.#trusted) {
      this.#parts.log.warn(
        { err: this.#lastError ?? cause },
        'the cache does without Redis: reads go to their origin until it is back',
      );
    }
    this.#trusted = false;
    this.#failures = 0;
    this.#scheduleProbe();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#trusted = false;
    clearTimeout(this.#probeTimer);
    await disconnect(this.#client);
  }

  #noteError(error: Error): void {
    const news = this.#lastError?.message !== error.message;
    this.#lastError = error;
    if (news) this.#parts.log.warn({ err: error }, 'the cache has trouble with Redis');
  }

  #scheduleProbe(): void {
    if (this.#closed || this.#probeTimer !== undefined) return;
    this.#probeTimer = setTimeout(
      () => {
        this.#probeTimer = undefined;
        void this.#probe();
      },
      this.#probeMs * (0.75 + Math.random() / 2),
    );
    this.#probeTimer.unref();
    this.#probeMs = Math.min(2 * this.#probeMs, slowestProbeMs);
  }

  async #probe(): Promise<void> {
    // Without a connection there is nothing to probe; `ready` will come back here.
    if (this.#probing || this.#trusted || this.#closed || this.#client.status !== 'ready') return;
    this.#probing = true;
    const connection = this.#connections;
    try {
      const info = await answered(this.#client.info('server'), this.#parts.commandTimeoutMs);
      // Managed servers may hide it; then a restart is not told from a lost connection.
      const runId = /^run_id:(\w+)/m.exec(info)?.[1] ?? 'unknown';
      do await this.#parts.reconcile(this.#client, runId);
      while (!this.#parts.isReconciled());
      // What was learnt on a former connection may be of another Redis; `ready` will come back here.
      if (this.#connections !== connection || this.#closed) return;
      this.#trusted = true;
      this.#probeMs = fastestProbeMs;
      this.#lastError = undefined;
      this.#parts.log.info('the cache uses Redis');
    } catch (error) {
      this.#noteError(error as Error);
      this.#scheduleProbe();
    } finally {
      this.#probing = false;
    }
  }
}

/** Ends a connection after what is under way on it. */
export async function disconnect(client: Redis): Promise<void> {
  try {
    if (client.status === 'ready') await answered(client.quit(), defaultCommandTimeoutMs);
  } catch {
    // Redis does not answer; there is nothing of ours left that it would have to keep.
  } finally {
    client.disconnect();
  }
}

/**
 * The answer, or a rejection after `timeoutMs`. When this process was the one that stood
 * still, the answer may wait in the socket: it is read before the time is called up.
 */
export function answered<R>(answer: Promise<R>, timeoutMs: number): Promise<R> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => setImmediate(() => reject(new Error(`Redis gave no answer within ${timeoutMs} ms.`))),
      timeoutMs,
    );
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}

function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}
