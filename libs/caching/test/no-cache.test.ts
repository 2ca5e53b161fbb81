import { describe, expect, it } from 'vitest';
import { createNoCache } from '../src/index.ts';
import { describeAnyCache } from './cache-contract.ts';
import { createOrigin } from './origin.ts';
import { recordMetrics } from './recorded-metrics.ts';

describe('the cache that keeps nothing', () => {
  describeAnyCache(async (metrics) => createNoCache({ metrics }));

  it('asks the origin each time, for one caller after another and for many at once', async () => {
    const metrics = recordMetrics();
    const cache = createNoCache({ metrics });
    const origin = createOrigin(20);
    origin.values.set('1', 'one');
    const products = cache.namespace('product', { ttlMs: 60_000, staleMs: 60_000 });
    expect(await products.get('1', origin.load('1'))).toBe('one');
    origin.values.set('1', 'two');
    expect(await products.get('1', origin.load('1'))).toBe('two');
    await Promise.all(Array.from({ length: 10 }, () => products.get('1', origin.load('1'))));
    expect(origin.loads('1')).toBe(12);
    expect(metrics.count('miss product')).toBe(12);
    expect(metrics.count('load product ok')).toBe(12);
  });

  it('remembers no absence', async () => {
    const metrics = recordMetrics();
    const products = createNoCache({ metrics }).namespace('product', { ttlMs: 60_000 });
    expect(await products.get('1', async () => undefined)).toBeUndefined();
    expect(await products.get('1', async () => 'made meanwhile')).toBe('made meanwhile');
    expect(metrics.count('load product absent')).toBe(1);
  });
});
