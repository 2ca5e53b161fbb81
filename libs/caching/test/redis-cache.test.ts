import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Redis } from 'ioredis';
import {
  createTestLogger,
  describeWithRedis,
  redisUrl,
  uniqueName,
  waitFor,
} from '@woodytoys/testing';
import { createRedisCache } from '../src/index.ts';
import type { Cache } from '../src/index.ts';
import { describeCache } from './cache-contract.ts';
import { createOrigin, heldLoad } from './origin.ts';
import { recordMetrics } from './recorded-metrics.ts';
import type { RecordedMetrics } from './recorded-metrics.ts';
import { connected, patiently } from './connected.ts';

describeWithRedis('the cache over Redis', () => {
  describeCache((metrics) =>
    connected(
      createRedisCache({
        url: redisUrl(),
        prefix: uniqueName('test'),
        service: 'shop',
        log: createTestLogger(),
        metrics,
        ...patiently,
      }),
    ),
  );

  describe('two replicas', () => {
    let prefix: string;
    let one: Cache;
    let two: Cache;
    let metrics: RecordedMetrics;
    let redis: Redis;

    beforeAll(() => {
      redis = new Redis(redisUrl());
    });
    afterAll(() => redis.quit());

    beforeEach(async () => {
      prefix = uniqueName('test');
      metrics = recordMetrics();
      const options = {
        url: redisUrl(),
        prefix,
        service: 'shop',
        log: createTestLogger(),
        metrics,
        ...patiently,
      };
      one = await connected(createRedisCache(options));
      two = await connected(createRedisCache(options));
      await waitFor(async () => {
        const [, subscribers] = await redis.pubsub('NUMSUB', `${prefix}:shop:forget`);
        return subscribers === 2;
      });
    });
    afterEach(() => Promise.all([one.close(), two.close()]));

    const keysOf = (pattern: string): Promise<string[]> => redis.keys(`${prefix}:${pattern}`);

    it('load once for 200 concurrent misses', async () => {
      const origin = createOrigin(100);
      origin.values.set('1', 'one');
      const namespaces = [one, two].map((cache) => cache.namespace('product', { ttlMs: 60_000 }));
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, n) => namespaces[n % 2]!.get('1', origin.load('1'))),
      );
      expect(new Set(answers)).toEqual(new Set(['one']));
      expect(origin.loads('1')).toBe(1);
    });

    it('load once for stale entries too', async () => {
      const origin = createOrigin(50);
      origin.values.set('1', 'old');
      const policy = { ttlMs: 50, staleMs: 60_000, firstLevelMs: 0 };
      const namespaces = [one, two].map((cache) => cache.namespace('product', policy));
      await namespaces[0]!.get('1', origin.load('1'));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      origin.values.set('1', 'new');
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => namespaces[n % 2]!.get('1', origin.load('1'))),
      );
      expect(new Set(answers)).toEqual(new Set(['old']));
      expect(origin.loads('1')).toBe(2);
    });

    it('hear what the other forgets', async () => {
      const policy = { ttlMs: 60_000, firstLevelMs: 60_000, negativeTtlMs: 60_000 };
      const here = one.namespace<string>('product', policy);
      const there = two.namespace<string>('product', policy);
      const get = (load: string): Promise<string | undefined> => there.get('1', async () => load);
      for (const forget of [() => here.invalidate('1'), () => here.clear()]) {
        await here.invalidate('1');
        await waitFor(async () => (await get('old')) === 'old');
        const hits = metrics.count('hit product memory');
        await waitFor(async () => {
          await get('unused');
          return metrics.count('hit product memory') > hits;
        });
        await forget();
        await waitFor(async () => (await get('new')) === 'new');
        await here.invalidate('1');
      }
    });

    it('do not keep a load that began before the other forgot', async () => {
      for (const method of ['invalidate', 'clear'] as const) {
        const policy = { ttlMs: 60_000, firstLevelMs: 60_000 };
        const here = one.namespace<string>(`product-${method}`, policy);
        const there = two.namespace<string>(`product-${method}`, policy);
        const before = heldLoad<string>();
        const early = there.get('1', before.load);
        await before.started;
        await (method === 'clear' ? here.clear() : here.invalidate('1'));
        before.end('old');
        await early;
        await waitFor(async () => (await there.get('1', async () => 'new')) === 'new');
        expect(await here.get('1', async () => 'unused')).toBe('new');
      }
    });

    it('fill over a lease that the other has lost to an invalidation', async () => {
      const policy = { ttlMs: 60_000, firstLevelMs: 0 };
      const here = one.namespace<string>('product', policy);
      const there = two.namespace<string>('product', policy);
      const before = heldLoad<string>();
      const early = there.get('1', before.load);
      await before.started;
      await here.invalidate('1');
      expect(await here.get('1', async () => 'new')).toBe('new');
      await waitFor(async () => (await keysOf('*:product:e:1')).length === 1);
      before.end('old');
      await early;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await there.get('1', async () => 'unused')).toBe('new');
    });

    it('take over when the one that loads is gone', async () => {
      const policy = { ttlMs: 60_000 };
      const here = one.namespace<string>('product', policy);
      const there = two.namespace<string>('product', policy);
      const forever = heldLoad<string>();
      void here.get('1', forever.load);
      await forever.started;
      await one.close();
      expect(await there.get('1', async () => 'loaded by the other')).toBe('loaded by the other');
    });

    it('keep a lease for as long as the load takes', async () => {
      const policy = { ttlMs: 60_000 };
      const here = one.namespace<string>('product', policy);
      const there = two.namespace<string>('product', policy);
      const slow = heldLoad<string>();
      const early = here.get('1', slow.load);
      await slow.started;
      const late = there.get('1', async () => 'loaded twice');
      await new Promise((resolve) => setTimeout(resolve, 3_500));
      slow.end('loaded once');
      expect(await Promise.all([early, late])).toEqual(['loaded once', 'loaded once']);
    });

    it('load all the same when the other takes too long', async () => {
      const policy = { ttlMs: 60_000 };
      const forever = heldLoad<string>();
      void one.namespace<string>('product', policy).get('1', forever.load);
      await forever.started;
      const there = two.namespace<string>('product', policy);
      expect(await there.get('1', async () => 'loaded here')).toBe('loaded here');
      forever.end('at last');
    });

    it('wait as long as the policy says for a load that is slow', async () => {
      const policy = { ttlMs: 60_000, waitMs: 20_000 };
      const slow = heldLoad<string>();
      const early = one.namespace<string>('product', policy).get('1', slow.load);
      await slow.started;
      const late = two.namespace<string>('product', policy).get('1', async () => 'loaded twice');
      // Longer than a wait is otherwise.
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      slow.end('loaded once');
      expect(await Promise.all([early, late])).toEqual(['loaded once', 'loaded once']);
    });
  });

  describe('what is in Redis', () => {
    let prefix: string;
    let cache: Cache;
    let metrics: RecordedMetrics;
    let redis: Redis;

    beforeEach(async () => {
      redis = new Redis(redisUrl());
      prefix = uniqueName('test');
      metrics = recordMetrics();
      const log = createTestLogger();
      const options = { url: redisUrl(), prefix, service: 'shop', log, metrics, ...patiently };
      cache = await connected(createRedisCache(options));
    });
    afterEach(() => Promise.all([cache.close(), redis.quit()]));

    const entries = (namespace: string): Promise<string[]> =>
      redis.keys(`${prefix}:*:${namespace}:e:*`);

    it('spreads the times to live over ±10 %', async () => {
      const values = cache.namespace<number>('value', { ttlMs: 1_000_000, staleMs: 500 });
      for (let key = 0; key < 200; key += 1) await values.get(String(key), async () => key);
      await waitFor(async () => (await entries('value')).length === 200);
      const times = await Promise.all((await entries('value')).map((key) => redis.pttl(key)));
      expect(Math.min(...times)).toBeGreaterThan(900_000 - 30_000);
      expect(Math.max(...times)).toBeLessThanOrEqual(1_100_500);
      expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(150_000);
    });

    it('has an end for every key', async () => {
      const values = cache.namespace<string>('value', { ttlMs: 60_000 });
      await values.get('present', async () => 'here');
      await values.get('absent', async () => undefined);
      const held = heldLoad<string>();
      void values.get('loading', held.load);
      await held.started;
      await waitFor(async () => (await entries('value')).length === 2);
      const keys = await redis.keys(`${prefix}:*`);
      expect(keys).toHaveLength(4);
      for (const key of keys) expect(await redis.pttl(key)).toBeGreaterThan(0);
      held.end('loaded');
    });

    it('has no key longer than it must be', async () => {
      const values = cache.namespace<string>('value', { ttlMs: 60_000 });
      await values.get('x'.repeat(1_000_000), async () => 'here');
      await waitFor(async () => (await entries('value')).length === 1);
      expect((await entries('value'))[0]!.length).toBeLessThan(250);
    });

    it('takes a corrupt entry for a miss, counts it and replaces it', async () => {
      const values = cache.namespace<string>('value', { ttlMs: 60_000, firstLevelMs: 0 });
      await values.get('1', async () => 'good');
      await waitFor(async () => (await entries('value')).length === 1);
      const [key] = await entries('value');
      const generation = (await redis.get(key!))!.slice(0, 24);
      for (const rest of ['+{"cut', '', '?', '+']) {
        const before = metrics.count('error decode');
        await redis.set(key!, generation + rest, 'PX', 60_000);
        expect(await values.get('1', async () => 'good again')).toBe('good again');
        expect(metrics.count('error decode')).toBe(before + 1);
        await waitFor(async () => (await redis.get(key!)) === `${generation}+"good again"`);
      }
    });

    it('is a miss when it was not written by the cache', async () => {
      const values = cache.namespace<string>('value', { ttlMs: 60_000, firstLevelMs: 0 });
      await values.get('1', async () => 'good');
      await waitFor(async () => (await entries('value')).length === 1);
      const [key] = await entries('value');
      await redis.set(key!, 'something else');
      expect(await values.get('1', async () => 'good again')).toBe('good again');
      await waitFor(async () => (await redis.get(key!))?.endsWith('"good again"'));
      await redis.multi().del(key!).hset(key!, 'field', 'value').exec();
      expect(await values.get('1', async () => 'good at last')).toBe('good at last');
    });

    it('holds no lease of a load that has failed', async () => {
      const values = cache.namespace<string>('value', { ttlMs: 60_000 });
      const failed = values.get('1', () => Promise.reject(new Error('the database is gone')));
      await expect(failed).rejects.toThrow('the database is gone');
      // On the same connection as the release, so after it.
      await values.get('2', async () => 'two');
      expect(await redis.keys(`${prefix}:*:value:l:1`)).toEqual([]);
    });

    it('decides: what it refuses, the first level does not keep either', async () => {
      const values = cache.namespace<string>('value', { ttlMs: 60_000, firstLevelMs: 60_000 });
      const before = heldLoad<string>();
      const early = values.get('1', before.load);
      await before.started;
      // An invalidation whose message was lost.
      expect(await redis.del(await redis.keys(`${prefix}:*:value:l:1`))).toBe(1);
      before.end('old');
      await early;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await values.get('1', async () => 'new')).toBe('new');
    });

    it('decides: a load that has lost its lease is not joined any more', async () => {
      const values = cache.namespace<string>('value', { ttlMs: 60_000, firstLevelMs: 60_000 });
      const before = heldLoad<string>();
      const early = values.get('1', before.load);
      await before.started;
      expect(await redis.del(await redis.keys(`${prefix}:*:value:l:1`))).toBe(1);
      await waitFor(async () => {
        const late = new Promise((resolve) => setTimeout(resolve, 50));
        return (await Promise.race([values.get('1', async () => 'new'), late])) === 'new';
      });
      before.end('old');
      expect(await early).toBe('old');
    });

    it('is not believed after its generation was lost', async () => {
      const values = cache.namespace<string>('value', { ttlMs: 60_000, firstLevelMs: 0 });
      await values.get('1', async () => 'old');
      await waitFor(async () => (await entries('value')).length === 1);
      const [key] = await entries('value');
      expect(await redis.del(key!.replace(/:e:1$/, ''))).toBe(1);
      expect(await values.get('1', async () => 'new')).toBe('new');
    });
  });
});
