import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { createTestLogger, describeWithRedis, redisUrl, uniqueName } from '@woodytoys/testing';
import { createMemoryCache, createRedisCache } from '../src/index.ts';
import { connected, patiently } from './connected.ts';
import { checkHistory, histories } from './history.ts';
import type { Replica } from './history.ts';
import { recordMetrics } from './recorded-metrics.ts';

async function checkHistories(replicas: readonly Replica[], numRuns: number): Promise<void> {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(histories(replicas.length), (steps) =>
      checkHistory(steps, replicas, `history-${(runs += 1)}`),
    ),
    { numRuns },
  );
  await Promise.all(replicas.map((replica) => replica.cache.close()));
}

describe('no read gives less than the last invalidated write', () => {
  const log = createTestLogger();

  it('in the process', async () => {
    const metrics = recordMetrics();
    await checkHistories([{ cache: createMemoryCache({ log, metrics }), metrics }], 500);
  });

  describeWithRedis('over Redis', () => {
    const replica = async (prefix: string): Promise<Replica> => {
      const metrics = recordMetrics();
      const options = { url: redisUrl(), prefix, service: 'shop', log, metrics, ...patiently };
      return { cache: await connected(createRedisCache(options)), metrics };
    };

    it('on one replica', async () => {
      await checkHistories([await replica(uniqueName('test'))], 200);
    });

    it('on three replicas', async () => {
      const prefix = uniqueName('test');
      const replicas = await Promise.all([replica(prefix), replica(prefix), replica(prefix)]);
      await checkHistories(replicas, 100);
    });
  });
});
