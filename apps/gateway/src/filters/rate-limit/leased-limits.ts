import { randomUUID } from 'node:crypto';
import type { SharedRedis } from '../../plugin.ts';
import { RecentMap } from '../../recent-map.ts';
import { createScript } from '../../connections/redis-script.ts';
import type { RedisScript } from '../../connections/redis-script.ts';
import type { Counted, Limits, Rate } from './limits.ts';
import { RedisHealth } from './redis-health.ts';

/** Partitions whose leases are remembered; one that is forgotten has lost what was left of its own. */
const MOST_PARTITIONS = 100_000;
/** Who waits longer than for this many leases has a window that is shorter than a round trip. */
const MOST_ROUNDS = 10;

/**
 * Takes up to ARGV[1] requests from the window of KEYS[1], which has ARGV[2] in ARGV[3] ms; ARGV[4]
 * is the window's name if it begins now. Gives what was taken, what is left, the milliseconds to
 * the window's end, and its name.
 */
const TAKE = `
local ttl = redis.call('PTTL', KEYS[1])
if ttl <= 0 then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'taken', 0, 'window', ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  ttl = tonumber(ARGV[3])
end
local window = redis.call('HMGET', KEYS[1], 'taken', 'window')
local left = math.max(0, tonumber(ARGV[2]) - tonumber(window[1]))
local granted = math.min(left, tonumber(ARGV[1]))
if granted > 0 then redis.call('HINCRBY', KEYS[1], 'taken', granted) end
return { granted, left - granted, ttl, window[2] }
`;

/** The requests of one partition that this process may let pass without asking. */
interface Lease {
  window: string;
  tokens: number;
  /** What Redis had left for everybody when it was last asked. */
  left: number;
  /** Of `performance.now()`; never later than the window's end in Redis. */
  endsAt: number;
  waiting: number;
  asking: Promise<boolean> | undefined;
}

/**
 * Takes requests from Redis in batches of up to `size`, and the next batch when half of one is used:
 * Redis is asked once in a batch, and a request waits for it only at the beginning of a window.
 *
 * What is taken is gone from the window for everybody, so over all replicas never more than the
 * limit passes in a window. What a replica has taken and does not use is lost until the window
 * ends: a partition may be refused up to `size` requests too soon for each other replica.
 */
export class LeasedLimits implements Limits {
  readonly #takeBatch: RedisScript;
  readonly #prefix: string;
  readonly #rate: Rate;
  readonly #size: number;
  readonly #health: RedisHealth;
  readonly #leases = new RecentMap<Lease>(MOST_PARTITIONS);
  readonly #replica = randomUUID();
  #windows = 0;

  constructor(
    redis: SharedRedis,
    prefix: string,
    rate: Rate,
    size: number,
    onFailing: (error: unknown) => void,
  ) {
    this.#takeBatch = createScript(redis, TAKE);
    this.#prefix = prefix;
    this.#rate = rate;
    this.#size = size;
    this.#health = new RedisHealth(redis, onFailing);
  }

  count(key: string): Counted | undefined | Promise<Counted | undefined> {
    let lease = this.#leases.get(key);
    if (lease === undefined) {
      lease = { window: '', tokens: 0, left: 0, endsAt: 0, waiting: 0, asking: undefined };
      this.#leases.set(key, lease);
    }
    const counted = this.#take(lease);
    if (counted === undefined) return this.#health.resting ? undefined : this.#wait(key, lease);
    if (lease.tokens <= this.#size / 2 && lease.left > 0 && !this.#health.resting) {
      void this.#ask(key, lease);
    }
    return counted;
  }

  close(): void {
    this.#health.close();
  }

  /** Decides without asking; undefined when that cannot be. */
  #take(lease: Lease): Counted | undefined {
    const resetInMs = lease.endsAt - performance.now();
    if (resetInMs <= 0) return undefined;
    if (lease.tokens > 0) {
      lease.tokens -= 1;
      return { passed: true, remaining: lease.left + lease.tokens, resetInMs };
    }
    return lease.left === 0 ? { passed: false, remaining: 0, resetInMs } : undefined;
  }

  async #wait(key: string, lease: Lease): Promise<Counted | undefined> {
    lease.waiting += 1;
    try {
      for (let round = 0; round < MOST_ROUNDS; round += 1) {
        if (!(await this.#ask(key, lease))) return undefined;
        const counted = this.#take(lease);
        if (counted !== undefined) return counted;
      }
      return undefined;
    } finally {
      lease.waiting -= 1;
    }
  }

  /** One question at a time for each partition; whether it was answered. */
  #ask(key: string, lease: Lease): Promise<boolean> {
    return (lease.asking ??= this.#lease(key, lease));
  }

  async #lease(key: string, lease: Lease): Promise<boolean> {
    try {
      const sentAt = performance.now();
      const held = sentAt < lease.endsAt ? lease.tokens : 0;
      // Who waits is served beside the batch, or each round would serve one batch of them.
      const wanted = this.#size - held + Math.max(0, lease.waiting - 1);
      const [taken, left, ttl, window] = await this.#call(key, wanted);
      // What was held belongs to the window in which it was taken.
      lease.tokens = window === lease.window ? lease.tokens + taken : taken;
      lease.window = window;
      lease.left = left;
      // Counted from before the question: it must not outlive the window in Redis.
      lease.endsAt = sentAt + ttl;
      this.#health.works();
      return true;
    } catch (error) {
      this.#health.fails(error);
      return false;
    } finally {
      lease.asking = undefined;
    }
  }

  async #call(
    key: string,
    wanted: number,
  ): Promise<[taken: number, left: number, ttl: number, window: string]> {
    const { limit, windowMs } = this.#rate;
    this.#windows += 1;
    const name = `${this.#replica} ${this.#windows}`;
    const args = [String(wanted), String(limit), String(windowMs), name];
    return (await this.#takeBatch([this.#prefix + key], args)) as never;
  }
}
