import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { createTestLogger, describeWithRedis, redisUrl, uniqueName } from '@woodytoys/testing';
import { createMemoryCache, createRedisCache } from '../src/index.ts';
import type { Cache } from '../src/index.ts';
import { connected } from './connected.ts';
import { checkHistory, histories } from './history.ts';

async function checkHistories(replicas: readonly Cache[], numRuns: number): Promise<void> {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(histories(replicas.length), (steps) =>
      checkHistory(steps, replicas, `history-${(runs += 1)}`),
    ),
    { numRuns },
  );
  await Promise.all(replicas.map((replica) => replica.close()));
}

describe('no read gives less than the last invalidated write', () => {
  it('in the process', async () => {
    await checkHistories([createMemoryCache({ log: createTestLogger() })], 500);
  });

  describeWithRedis('over Redis', () => {
    const replica = (prefix: string): Promise<Cache> =>
      connected(
        createRedisCache({ url: redisUrl(), prefix, service: 'shop', log: createTestLogger() }),
      );

    it('on one replica', async () => {
      await checkHistories([await replica(uniqueName('test'))], 200);
    });

    it('on three replicas', async () => {
      const prefix = uniqueName('test');
      const replicas = await Promise.all([replica(prefix), replica(prefix), replica(prefix)]);
      await checkHistories(replicas, 200);
    });
  });
});
