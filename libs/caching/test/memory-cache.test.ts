import { describe, expect, it } from 'vitest';
import { createTestLogger } from '@woodytoys/testing';
import { createMemoryCache } from '../src/index.ts';
import { describeCache } from './cache-contract.ts';

describe('the cache in the process', () => {
  describeCache(async (metrics) => createMemoryCache({ log: createTestLogger(), metrics }));

  it('keeps no more entries than it was given room for', async () => {
    const cache = createMemoryCache({ log: createTestLogger(), entries: 10, firstLevelEntries: 5 });
    const values = cache.namespace<number>('value', { ttlMs: 60_000 });
    for (let key = 0; key < 100; key += 1) await values.get(String(key), async () => key);
    let loads = 0;
    for (let key = 99; key >= 0; key -= 1) {
      await values.get(String(key), async () => {
        loads += 1;
        return key;
      });
    }
    expect(loads).toBeGreaterThanOrEqual(90);
  });
});
