import type { IncrementResponse, Options, Store } from 'express-rate-limit';
import { RedisStore } from 'rate-limit-redis';
import type { RedisReply } from 'rate-limit-redis';
import type { SharedRedis } from '../plugin.ts';

/** After a failure Redis is left alone for this long: what cannot answer must not cost time. */
const REST_MS = 1_000;

/**
 * Counts in Redis, for all replicas of the gateway together. While Redis fails it throws at once,
 * without asking, and tries again each second.
 */
export class RedisLimits implements Store {
  readonly prefix: string;
  readonly #redis: SharedRedis;
  readonly #store: RedisStore;
  #options: Options | undefined;
  #loaded: Promise<void> | undefined;
  #restUntil = 0;
  readonly #onReady = () => {
    this.#restUntil = 0;
  };

  constructor(redis: SharedRedis, prefix: string) {
    this.prefix = prefix;
    this.#redis = redis;
    this.#store = new RedisStore({
      prefix,
      sendCommand: (command: string, ...args: string[]) =>
        redis.call(command, ...args) as Promise<RedisReply>,
    });
    redis.on('ready', this.#onReady);
  }

  init(options: Options): void {
    this.#options = options;
  }

  async increment(key: string): Promise<IncrementResponse> {
    if (performance.now() < this.#restUntil) throw new Error('Redis failed a moment ago');
    try {
      // The store keeps the promise of its script's hash: one that was rejected, because Redis was
      // not there yet, would stay so for good. So it is asked to load it until it has.
      this.#loaded ??= this.#store.init(this.#options as Options);
      await this.#loaded;
    } catch (error) {
      this.#loaded = undefined;
      throw this.#failed(error);
    }
    try {
      return await this.#store.increment(key);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  decrement(key: string): Promise<void> {
    return this.#store.decrement(key);
  }

  resetKey(key: string): Promise<void> {
    return this.#store.resetKey(key);
  }

  close(): void {
    this.#redis.off('ready', this.#onReady);
  }

  #failed(error: unknown): unknown {
    this.#restUntil = performance.now() + REST_MS;
    return error;
  }
}
