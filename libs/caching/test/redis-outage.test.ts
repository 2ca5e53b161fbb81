import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createTestLogger,
  describeWithRedis,
  startOwnRedis,
  uniqueName,
  waitFor,
} from '@woodytoys/testing';
import type { RestartableServer, TestLogger } from '@woodytoys/testing';
import { createRedisCache } from '../src/index.ts';
import type { Cache } from '../src/index.ts';
import { connected } from './connected.ts';
import { startDeadEnd } from './dead-end.ts';
import { createOrigin, heldLoad } from './origin.ts';
import { recordMetrics } from './recorded-metrics.ts';
import type { RecordedMetrics } from './recorded-metrics.ts';

describeWithRedis('the cache when Redis goes', () => {
  let server: RestartableServer;
  let prefix: string;
  let cache: Cache;
  let other: Cache;
  let log: TestLogger;
  let metrics: RecordedMetrics;

  const policy = { ttlMs: 60_000, firstLevelMs: 0 };
  /** Reads until the answer comes from Redis: a fill follows its answer. */
  const fromRedis = (read: () => Promise<unknown>): Promise<boolean> =>
    waitFor(async () => {
      const count = (): number =>
        metrics.count('hit product redis') + metrics.count('hit user redis');
      const before = count();
      await read();
      return count() > before;
    });
  const warnings = (): string[] =>
    log.lines.filter(({ level }) => level >= 40).map(({ msg }) => msg);

  beforeAll(async () => {
    server = await startOwnRedis();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    log = createTestLogger();
    metrics = recordMetrics();
    prefix = uniqueName('test');
    const options = { url: server.url, prefix, service: 'shop', log, metrics };
    cache = await connected(createRedisCache(options));
    other = await connected(createRedisCache(options));
  });
  afterEach(() => Promise.all([cache.close(), other.close()]));

  it('reads on, still once for many callers, and uses Redis again when it is back', async () => {
    const origin = createOrigin(20);
    origin.values.set('1', 'one');
    const products = cache.namespace('product', policy);
    const read = (): Promise<unknown> => products.get('1', origin.load('1'));
    await read();
    await server.stop();
    for (let round = 1; round <= 5; round += 1) {
      const answers = await Promise.all(Array.from({ length: 100 }, read));
      expect(new Set(answers)).toEqual(new Set(['one']));
      expect(origin.loads('1')).toBeLessThanOrEqual(1 + round);
    }
    expect(cache.healthy()).toBe(false);
    expect(metrics.count('error read')).toBeGreaterThan(0);
    expect(warnings()).toContain(
      'the cache does without Redis: reads go to their origin until it is back',
    );
    await server.start();
    await connected(cache);
    await fromRedis(read);
    const loads = origin.loads('1');
    await read();
    expect(origin.loads('1')).toBe(loads);
  });

  it('reads on when Redis was never there', async () => {
    const url = 'redis://127.0.0.1:1';
    const alone = createRedisCache({ url, service: 'shop', log, metrics });
    const products = alone.namespace<string>('product', policy);
    expect(await products.get('1', async () => 'one')).toBe('one');
    await products.invalidate('1');
    await products.clear();
    expect(alone.healthy()).toBe(false);
    await alone.close();
  });

  it('keeps no load that an invalidation has overtaken, without Redis too', async () => {
    const url = 'redis://127.0.0.1:1';
    const alone = createRedisCache({ url, service: 'shop', log, metrics });
    const products = alone.namespace<string>('product', { ...policy, firstLevelMs: 60_000 });
    for (const forget of [() => products.invalidate('1'), () => products.clear()]) {
      const before = heldLoad<string>();
      const early = products.get('1', before.load);
      await before.started;
      await forget();
      before.end('old');
      expect(await early).toBe('old');
      await sleep(50);
      expect(await products.get('1', async () => 'new')).toBe('new');
      await products.invalidate('1');
    }
    await alone.close();
  });

  it('reads on when Redis stands still, and does not ask it for each read', async () => {
    const origin = createOrigin();
    const products = cache.namespace('product', { ...policy, negativeTtlMs: 0 });
    await products.get('before', origin.load('before'));
    await server.pause();
    try {
      for (let key = 0; key < 4; key += 1) {
        await products.get(String(key), origin.load(String(key)));
      }
      expect(cache.healthy()).toBe(false);
      const start = performance.now();
      for (let key = 0; key < 500; key += 1) {
        await products.get(String(key), origin.load(String(key)));
      }
      // Not a measure of speed: one wait for Redis each would take 100 seconds.
      expect(performance.now() - start).toBeLessThan(20_000);
    } finally {
      await server.resume();
    }
    await connected(cache);
  });

  it('reconnects when its connections have died without a word', async () => {
    const path = await startDeadEnd(server.url);
    const here = await connected(
      createRedisCache({
        url: path.url,
        prefix: uniqueName('test'),
        service: 'shop',
        log,
        metrics,
      }),
    );
    const products = here.namespace<string>('product', policy);
    path.die();
    await waitFor(async () => {
      await products.get('1', async () => 'one');
      return !here.healthy();
    });
    await connected(here);
    expect(await products.get('2', async () => 'two')).toBe('two');
    await here.close();
    await path.close();
  });

  describe('with invalidations meanwhile', () => {
    /** Redis keeps what it holds. What is sent to it first would still reach it: a read goes ahead. */
    const whileAway = async (work: () => Promise<void>): Promise<void> => {
      await server.pause();
      try {
        await waitFor(async () => {
          await cache.namespace<string>('probe', policy).get('1', async () => 'one');
          return !cache.healthy();
        });
        await work();
      } finally {
        await server.resume();
      }
      await connected(cache);
      await connected(other);
    };

    it('tells Redis before it believes it again', async () => {
      const products = cache.namespace<string>('product', policy);
      await fromRedis(() => products.get('1', async () => 'old'));
      await fromRedis(() => products.get('2', async () => 'old'));
      await whileAway(() => products.invalidate('1'));
      expect(await products.get('1', async () => 'new')).toBe('new');
      expect(await other.namespace<string>('product', policy).get('1', async () => '?')).toBe(
        'new',
      );
      expect(await products.get('2', async () => 'new')).toBe('old');
    });

    it('tells it of a whole namespace', async () => {
      const products = cache.namespace<string>('product', policy);
      const users = cache.namespace<string>('user', policy);
      await fromRedis(() => products.get('1', async () => 'old'));
      await fromRedis(() => users.get('1', async () => 'old'));
      await whileAway(() => products.clear());
      expect(await products.get('1', async () => 'new')).toBe('new');
      expect(await users.get('1', async () => 'new')).toBe('old');
    });

    it('forgets the namespace when there were too many to remember', async () => {
      const products = cache.namespace<string>('product', policy);
      const users = cache.namespace<string>('user', policy);
      for (const key of ['1', 'untouched']) {
        await fromRedis(() => products.get(key, async () => 'old'));
      }
      await fromRedis(() => users.get('1', async () => 'old'));
      await whileAway(async () => {
        await products.invalidate('1');
        const keys = Array.from({ length: 10_000 }, (_, index) => `other ${index}`);
        await products.invalidate(...keys);
      });
      expect(await products.get('1', async () => 'new')).toBe('new');
      expect(await products.get('untouched', async () => 'new')).toBe('new');
      expect(await users.get('1', async () => 'new')).toBe('old');
    });
  });

  it('drops its first level when it may have missed a message', async () => {
    const redis = new Redis(server.url);
    const products = cache.namespace<string>('product', { ...policy, firstLevelMs: 60_000 });
    await waitFor(async () => {
      await products.get('1', async () => 'old');
      return metrics.count('hit product memory') > 0;
    });
    // An invalidation by another replica, while this one was not subscribed.
    const keys = await redis.keys(`${prefix}:*:product:e:1`);
    expect(keys).toHaveLength(1);
    await redis.multi().call('CLIENT', 'KILL', 'TYPE', 'pubsub').del(keys).exec();
    await waitFor(async () => (await products.get('1', async () => 'new')) === 'new');
    redis.disconnect();
  });

  it('does not believe what a restarted Redis brings back from a snapshot', async () => {
    const redis = new Redis(server.url);
    redis.on('error', (error: Error) => log.debug({ err: error }, 'the test lost Redis'));
    const products = cache.namespace<string>('product', policy);
    await fromRedis(() => products.get('1', async () => 'old'));
    expect(await redis.save()).toBe('OK');
    await products.invalidate('1');
    expect(await redis.keys(`${prefix}:*:product:e:1`)).toHaveLength(0);
    await server.stop();
    await server.start();
    await connected(cache);
    // It is there again, and old; else the test would prove nothing.
    expect(await redis.keys(`${prefix}:*:product:e:1`)).toHaveLength(1);
    redis.disconnect();
    expect(await products.get('1', async () => 'new')).toBe('new');
  });
});
