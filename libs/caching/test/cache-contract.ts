import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '@woodytoys/testing';
import type { Cache } from '../src/index.ts';
import { createOrigin, heldLoad } from './origin.ts';
import { recordMetrics } from './recorded-metrics.ts';
import type { RecordedMetrics } from './recorded-metrics.ts';

/** What every cache promises that keeps anything, whatever is behind it. */
export function describeCache(create: (metrics: RecordedMetrics) => Promise<Cache>): void {
  describeAnyCache(create);

  let cache: Cache;
  let metrics: RecordedMetrics;

  beforeEach(async () => {
    metrics = recordMetrics();
    cache = await create(metrics);
  });
  afterEach(() => cache.close());

  /** Each read of such a namespace asks the second level. */
  const shared = { ttlMs: 60_000, firstLevelMs: 0 };

  describe('reading through', () => {
    it('loads once, then answers from the first level', async () => {
      const origin = createOrigin();
      origin.values.set('1', { id: 1, tags: ['a', null] });
      const products = cache.namespace('product', { ttlMs: 60_000, firstLevelMs: 60_000 });
      expect(await products.get('1', origin.load('1'))).toEqual({ id: 1, tags: ['a', null] });
      await waitFor(async () => {
        await products.get('1', origin.load('1'));
        return metrics.count('hit product memory') > 0;
      });
      expect(await products.get('1', origin.load('1'))).toEqual({ id: 1, tags: ['a', null] });
      expect(origin.loads('1')).toBe(1);
      expect(metrics.count('load product ok')).toBe(1);
      expect(metrics.count('miss product')).toBe(1);
    });

    it('answers from the second level when the first one keeps nothing', async () => {
      const origin = createOrigin();
      origin.values.set('1', 'one');
      const products = cache.namespace('product', shared);
      await products.get('1', origin.load('1'));
      expect(await products.get('1', origin.load('1'))).toBe('one');
      await waitFor(async () => {
        await products.get('1', origin.load('1'));
        return metrics.count('hit product redis') > 0;
      });
      expect(origin.loads('1')).toBe(1);
      expect(metrics.count('hit product memory')).toBe(0);
    });

    it.each([0, false, '', null, [[]], [[1, []]], {}, 'ü\u0000\n"', { nested: { n: 1.5 } }])(
      'keeps the value %j',
      async (value) => {
        const values = cache.namespace<unknown>('value', shared);
        await values.get('key', async () => value);
        const again = await values.get('key', () => Promise.reject(new Error('loaded twice')));
        expect(again).toEqual(value);
      },
    );

    it('tells keys apart, however long and strange', async () => {
      const values = cache.namespace<string>('value', shared);
      const keys = ['', ' ', 'a', 'a:b', '#', '\ud800', '\ud801', '\ufffd', 'ключ', 'a\u0000'];
      keys.push('x'.repeat(128), 'x'.repeat(129), `${'x'.repeat(100_000)}y`, 'x'.repeat(100_001));
      for (const key of keys) await values.get(key, async () => `value of ${key}`);
      for (const key of keys) {
        const value = await values.get(key, async () => 'loaded twice');
        expect(value).toBe(`value of ${key}`);
      }
    });

    it('keeps namespaces apart', async () => {
      const users = cache.namespace<string>('user', shared);
      const products = cache.namespace<string>('product', shared);
      await users.get('1', async () => 'user 1');
      expect(await products.get('1', async () => 'product 1')).toBe('product 1');
      await users.clear();
      expect(await products.get('1', async () => 'loaded twice')).toBe('product 1');
      expect(await users.get('1', async () => 'user 1 anew')).toBe('user 1 anew');
    });
  });

  describe('many callers', () => {
    it('loads once for 200 concurrent misses of a key', async () => {
      const origin = createOrigin(50);
      origin.values.set('1', 'one');
      const products = cache.namespace('product', { ttlMs: 60_000 });
      const answers = await Promise.all(
        Array.from({ length: 200 }, () => products.get('1', origin.load('1'))),
      );
      expect(new Set(answers)).toEqual(new Set(['one']));
      expect(origin.loads('1')).toBe(1);
    });

    it('gives an error of the load to every waiting caller, and keeps nothing', async () => {
      const products = cache.namespace<string>('product', { ttlMs: 60_000 });
      const held = heldLoad<string>();
      const callers = [products.get('1', held.load), products.get('1', held.load)];
      await held.started;
      held.fail(new Error('the database is gone'));
      const outcomes = await Promise.allSettled(callers);
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      await expect(callers[0]).rejects.toThrow('the database is gone');
      expect(await products.get('1', async () => 'one')).toBe('one');
      expect(metrics.count('load product error')).toBe(1);
    });
  });

  describe('time', () => {
    it('loads anew when the time to live is over', async () => {
      const origin = createOrigin();
      origin.values.set('1', 'old');
      const products = cache.namespace('product', { ttlMs: 100 });
      await products.get('1', origin.load('1'));
      origin.values.set('1', 'new');
      // The time runs from the fill, a moment after the answer: the tests wait, and do not count.
      await waitFor(async () => (await products.get('1', origin.load('1'))) === 'new');
    });

    it('remembers an absence for its own time', async () => {
      const origin = createOrigin();
      const products = cache.namespace('product', { ttlMs: 60_000, negativeTtlMs: 1_000 });
      expect(await products.get('1', origin.load('1'))).toBeUndefined();
      expect(await products.get('1', origin.load('1'))).toBeUndefined();
      expect(origin.loads('1')).toBe(1);
      expect(metrics.count('load product absent')).toBe(1);
      origin.values.set('1', 'made meanwhile');
      await waitFor(async () => (await products.get('1', origin.load('1'))) === 'made meanwhile');
    });

    it('remembers no absence when that time is 0', async () => {
      const origin = createOrigin();
      const products = cache.namespace('product', { ttlMs: 60_000, negativeTtlMs: 0 });
      expect(await products.get('1', origin.load('1'))).toBeUndefined();
      origin.values.set('1', 'made meanwhile');
      await waitFor(async () => (await products.get('1', origin.load('1'))) === 'made meanwhile');
    });

    it.each([0, 1_000])(
      'serves stale while one caller loads (first level %i ms)',
      async (firstLevelMs) => {
        const policy = { ttlMs: 100, staleMs: 60_000, firstLevelMs };
        const products = cache.namespace<string>('product', policy);
        await products.get('1', async () => 'old');
        const held = heldLoad<string>();
        await waitFor(async () => {
          const answers = Array.from({ length: 50 }, () => products.get('1', held.load));
          expect(new Set(await Promise.all(answers))).toEqual(new Set(['old']));
          return held.hasStarted();
        });
        const second = (): Promise<string> =>
          Promise.reject(new Error('loaded by a second caller'));
        expect(await products.get('1', second)).toBe('old');
        expect(metrics.count('stale product')).toBeGreaterThan(0);
        held.end('new');
        await waitFor(async () => (await products.get('1', second)) === 'new');
        expect(metrics.count('load product ok')).toBe(2);
      },
    );

    it('serves stale on when the load behind it fails, without asking again and again', async () => {
      const policy = { ttlMs: 50, staleMs: 60_000, firstLevelMs: 0 };
      const products = cache.namespace<string>('product', policy);
      await products.get('1', async () => 'old');
      let loads = 0;
      const broken = async (): Promise<string> => {
        loads += 1;
        throw new Error('the database is gone');
      };
      const read = async (): Promise<void> => {
        expect(await products.get('1', broken)).toBe('old');
      };
      await waitFor(async () => {
        await read();
        return loads > 0;
      });
      for (let again = 0; again < 5; again += 1) await read();
      expect(loads).toBe(1);
    });

    it('serves nothing beyond the stale time', async () => {
      const products = cache.namespace<string>('product', { ttlMs: 50, staleMs: 50 });
      await products.get('1', async () => 'old');
      await sleep(1_000);
      expect(await products.get('1', async () => 'new')).toBe('new');
    });

    it('forgets the stale value when the origin says that there is none', async () => {
      const policy = { ttlMs: 50, staleMs: 60_000, firstLevelMs: 0, negativeTtlMs: 0 };
      const products = cache.namespace<string>('product', policy);
      await products.get('1', async () => 'old');
      await waitFor(async () => (await products.get('1', async () => undefined)) === undefined);
    });
  });

  describe('invalidation', () => {
    it.each([0, 60_000])('forgets keys (first level %i ms)', async (firstLevelMs) => {
      const products = cache.namespace<string>('product', { ttlMs: 60_000, firstLevelMs });
      for (const key of ['1', '2', '3']) await products.get(key, async () => 'old');
      await products.invalidate('1', '2');
      expect(await products.get('1', async () => 'new')).toBe('new');
      expect(await products.get('2', async () => 'new')).toBe('new');
      expect(await products.get('3', async () => 'new')).toBe('old');
    });

    it('forgets an absence', async () => {
      const products = cache.namespace<string>('product', { ttlMs: 60_000, negativeTtlMs: 60_000 });
      await products.get('1', async () => undefined);
      await products.invalidate('1');
      expect(await products.get('1', async () => 'made')).toBe('made');
    });

    it.each([0, 60_000])('forgets a namespace (first level %i ms)', async (firstLevelMs) => {
      const products = cache.namespace<string>('product', { ttlMs: 60_000, firstLevelMs });
      for (const key of ['1', '2']) await products.get(key, async () => 'old');
      await products.clear();
      expect(await products.get('1', async () => 'new')).toBe('new');
      expect(await products.get('2', async () => 'new')).toBe('new');
      expect(await products.get('1', async () => 'newer')).toBe('new');
    });

    it.each(['invalidate', 'clear'] as const)(
      'a load that began before %s is neither kept nor joined',
      async (method) => {
        for (const firstLevelMs of [0, 60_000]) {
          const name = `product-${firstLevelMs}`;
          const products = cache.namespace<string>(name, { ttlMs: 60_000, firstLevelMs });
          const before = heldLoad<string>();
          const early = products.get('1', before.load);
          await before.started;
          await (method === 'clear' ? products.clear() : products.invalidate('1'));
          expect(await products.get('1', async () => 'new')).toBe('new');
          before.end('old');
          expect(await early).toBe('old');
          await sleep(50);
          expect(await products.get('1', async () => 'newer')).toBe('new');
        }
      },
    );

    it('a load that began before an invalidation does not fill an empty cache either', async () => {
      for (const firstLevelMs of [0, 60_000]) {
        const name = `product-${firstLevelMs}`;
        const products = cache.namespace<string>(name, { ttlMs: 60_000, firstLevelMs });
        const before = heldLoad<string>();
        const early = products.get('1', before.load);
        await before.started;
        await products.invalidate('1');
        before.end('old');
        await early;
        await sleep(50);
        expect(await products.get('1', async () => 'new')).toBe('new');
      }
    });

    it('a load that began before a clear stays out of what comes after', async () => {
      const products = cache.namespace<string>('product', { ttlMs: 60_000, firstLevelMs: 0 });
      const before = heldLoad<string>();
      const early = products.get('1', before.load);
      await before.started;
      await products.clear();
      await products.get('2', async () => 'begins the namespace anew');
      before.end('old');
      await early;
      await sleep(50);
      expect(await products.get('1', async () => 'new')).toBe('new');
    });

    it('a load behind a stale answer that began before an invalidation is not kept', async () => {
      for (const firstLevelMs of [0, 60_000]) {
        const policy = { ttlMs: 50, staleMs: 60_000, firstLevelMs };
        const products = cache.namespace<string>(`product-${firstLevelMs}`, policy);
        await products.get('1', async () => 'old');
        const before = heldLoad<string>();
        await waitFor(async () => {
          expect(await products.get('1', before.load)).toBe('old');
          return before.hasStarted();
        });
        await products.invalidate('1');
        before.end('read before the write');
        await sleep(50);
        expect(await products.get('1', async () => 'new')).toBe('new');
      }
    });

    it('takes many keys at once, and none', async () => {
      const products = cache.namespace<string>('product', { ttlMs: 60_000 });
      const keys = Array.from({ length: 2_500 }, (_, index) => String(index));
      await products.get('0', async () => 'old');
      await products.get('2499', async () => 'old');
      await products.invalidate();
      expect(await products.get('0', async () => 'new')).toBe('old');
      await products.invalidate(...keys);
      expect(await products.get('0', async () => 'new')).toBe('new');
      expect(await products.get('2499', async () => 'new')).toBe('new');
    });
  });
}

/** What every cache promises, also one that keeps nothing. */
export function describeAnyCache(create: (metrics: RecordedMetrics) => Promise<Cache>): void {
  let cache: Cache;
  let metrics: RecordedMetrics;

  beforeEach(async () => {
    metrics = recordMetrics();
    cache = await create(metrics);
  });
  afterEach(() => cache.close());

  describe('what is loaded', () => {
    it('gives every caller the value as JSON has it, the one who loaded included', async () => {
      const days = cache.namespace<unknown>('day', { ttlMs: 60_000 });
      const load = async (): Promise<unknown> => ({ at: new Date(0), none: undefined });
      const expected = { at: '1970-01-01T00:00:00.000Z' };
      expect(await days.get('1', load)).toStrictEqual(expected);
      expect(await days.get('1', load)).toStrictEqual(expected);
    });

    it('freezes what callers share', async () => {
      const lists = cache.namespace<{ items: { n: number }[] }>('list', { ttlMs: 60_000 });
      const list = await lists.get('1', async () => ({ items: [{ n: 1 }] }));
      expect(() => list!.items.push({ n: 2 })).toThrow(TypeError);
      expect(() => (list!.items[0]!.n = 2)).toThrow(TypeError);
    });

    it('refuses what JSON cannot hold, and does not keep it', async () => {
      const values = cache.namespace<unknown>('value', { ttlMs: 60_000, firstLevelMs: 0 });
      await expect(values.get('f', async () => () => 1)).rejects.toThrow(TypeError);
      await expect(values.get('f', async () => 1n)).rejects.toThrow(TypeError);
      expect(await values.get('f', async () => 'good')).toBe('good');
    });

    it('gives an error that the load throws at once', async () => {
      const products = cache.namespace<string>('product', { ttlMs: 60_000 });
      const broken = (): Promise<string> => {
        throw new Error('thrown, not rejected');
      };
      await expect(products.get('1', broken)).rejects.toThrow('thrown, not rejected');
    });
  });

  describe('namespaces', () => {
    it('gives one object a name', () => {
      const first = cache.namespace('product', { ttlMs: 1_000 });
      expect(cache.namespace('product', { ttlMs: 1_000, staleMs: 0 })).toBe(first);
    });

    it('refuses another policy for a name in use', () => {
      cache.namespace('product', { ttlMs: 1_000 });
      expect(() => cache.namespace('product', { ttlMs: 2_000 })).toThrow(/product.*another policy/);
    });

    it.each(['', 'Product', 'a:b', '1a', 'a'.repeat(65)])('refuses the name %j', (name) => {
      expect(() => cache.namespace(name, { ttlMs: 1_000 })).toThrow(RangeError);
    });

    it.each([
      { ttlMs: 0 },
      { ttlMs: Number.NaN },
      { ttlMs: 1_000, staleMs: -1 },
      { ttlMs: 1_000, negativeTtlMs: Infinity },
      { ttlMs: 1_000, firstLevelMs: -1 },
    ])('refuses the policy %j', (policy) => {
      expect(() => cache.namespace('product', policy)).toThrow(RangeError);
    });
  });

  it('is healthy', () => {
    expect(cache.healthy()).toBe(true);
  });
}
