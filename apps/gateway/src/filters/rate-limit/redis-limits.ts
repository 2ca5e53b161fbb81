import type { Options } from 'express-rate-limit';
import { RedisStore } from 'rate-limit-redis';
import type { RedisReply } from 'rate-limit-redis';
import type { SharedRedis } from '../../plugin.ts';
import type { Counted, Limits, Rate } from './limits.ts';
import { RedisHealth } from './redis-health.ts';

/**
 * Counts in Redis by rate-limit-redis, for all replicas of the gateway together: exact, and one
 * round trip for each request. While Redis fails it is asked once a second.
 */
export class RedisLimits implements Limits {
  readonly #store: RedisStore;
  readonly #health: RedisHealth;
  readonly #rate: Rate;
  #loaded: Promise<void> | undefined;

  constructor(redis: SharedRedis, prefix: string, rate: Rate, onFailing: (error: unknown) => void) {
    this.#rate = rate;
    this.#health = new RedisHealth(redis, onFailing);
    this.#store = new RedisStore({
      prefix,
      sendCommand: (command: string, ...args: string[]) =>
        redis.call(command, ...args) as Promise<RedisReply>,
    });
  }

  count(key: string): undefined | Promise<Counted | undefined> {
    return this.#health.resting ? undefined : this.#ask(key);
  }

  close(): void {
    this.#health.close();
  }

  async #ask(key: string): Promise<Counted | undefined> {
    const { limit, windowMs } = this.#rate;
    try {
      // The store keeps the promise of its script's hash: one that was rejected, because Redis was
      // not there yet, would stay so for good. So it is asked to load it until it has.
      this.#loaded ??= this.#store.init({ windowMs } as Options);
      await this.#loaded;
    } catch (error) {
      this.#loaded = undefined;
      this.#health.fails(error);
      return undefined;
    }
    try {
      const { totalHits, resetTime } = await this.#store.increment(key);
      this.#health.works();
      return {
        passed: totalHits <= limit,
        remaining: Math.max(0, limit - totalHits),
        resetInMs: resetTime === undefined ? windowMs : resetTime.getTime() - Date.now(),
      };
    } catch (error) {
      this.#health.fails(error);
      return undefined;
    }
  }
}
