import fc from 'fast-check';
import { createTestLogger, describeWithRedis, redisUrl, uniqueName } from '@woodytoys/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LeasedLimits } from '../src/filters/rate-limit/leased-limits.ts';
import type { Counted, Rate } from '../src/filters/rate-limit/limits.ts';
import type { SharedRedis } from '../src/plugin.ts';
import { connectRedis as connect } from '../src/connections/redis.ts';
import { startBackend } from './support/backend.ts';
import { oneUpstream, startGateway } from './support/gateway.ts';

async function connectRedis() {
  const redis = connect(redisUrl(), createTestLogger(), 5_000);
  onTestFinished(() => redis.close());
  await expect.poll(() => redis.call('PING').catch(String), { timeout: 15_000 }).toBe('PONG');
  return redis;
}

/** The limits of several replicas that share what is left in Redis. */
function replicasOf(count: number, redis: SharedRedis, rate: Rate, size: number) {
  const prefix = `${uniqueName('lease')}:`;
  const replicas = Array.from(
    { length: count },
    () =>
      new LeasedLimits(redis, prefix, rate, size, (error) => {
        throw error;
      }),
  );
  onTestFinished(() => {
    for (const replica of replicas) replica.close();
  });
  return replicas;
}

const passedOf = (counted: readonly (Counted | undefined)[]) =>
  counted.filter((one) => one?.passed).length;

describeWithRedis('a rate limit that is leased from Redis', () => {
  it('passes never more than the limit, and refuses no more than the leases of others too soon', async () => {
    const redis = await connectRedis();
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          limit: fc.integer({ min: 2, max: 60 }),
          size: fc.integer({ min: 2, max: 20 }),
          // Which replica gets each request, and whether the test waits for its answer.
          requests: fc.array(
            fc.record({ replica: fc.integer({ min: 0, max: 3 }), waits: fc.boolean() }),
            { minLength: 1, maxLength: 150 },
          ),
        }),
        async ({ limit, size, requests }) => {
          const replicas = replicasOf(4, redis, { limit, windowMs: 600_000 }, size);
          const counting: (Counted | undefined | Promise<Counted | undefined>)[] = [];
          for (const { replica, waits } of requests) {
            const counted = replicas[replica]?.count('client');
            counting.push(counted);
            if (waits) await counted;
          }
          const counted = await Promise.all(counting);
          expect(counted).not.toContain(undefined);
          const passed = passedOf(counted);
          expect(passed).toBeLessThanOrEqual(limit);
          // Each of the three others holds a lease that it may not use.
          if (passed < requests.length) {
            expect(passed).toBeGreaterThanOrEqual(Math.max(0, limit - 3 * size));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('passes all of the limit to one replica, with one question for each batch', async () => {
    const redis = await connectRedis();
    let asked = 0;
    const counted: SharedRedis = {
      url: redis.url,
      call: (command, ...args) => {
        if (command === 'EVALSHA') asked += 1;
        return redis.call(command, ...args);
      },
      on: (event, listener) => redis.on(event, listener),
      off: (event, listener) => redis.off(event, listener),
    };
    const [replica] = replicasOf(1, counted, { limit: 1_000, windowMs: 600_000 }, 100);
    let passed = 0;
    for (let index = 0; index < 1_500; index += 1) {
      if ((await replica?.count('client'))?.passed) passed += 1;
    }
    expect(passed).toBe(1_000);
    // A batch is asked for when half of one is used.
    expect(asked).toBeLessThanOrEqual(25);
  });

  it('passes no more than the limit in each window, over the end of windows', async () => {
    const redis = await connectRedis();
    const rate = { limit: 20, windowMs: 250 };
    const replicas = replicasOf(2, redis, rate, 8);
    let passed = 0;
    const startedAt = performance.now();
    while (performance.now() - startedAt < 2_500) {
      passed += passedOf(await Promise.all(replicas.map((replica) => replica.count('client'))));
    }
    // A window begins when the one before is over, at the earliest.
    const windows = Math.floor((performance.now() - startedAt) / rate.windowMs) + 1;
    expect(passed).toBeLessThanOrEqual(windows * rate.limit);
    expect(passed).toBeGreaterThan(rate.limit);
  });

  it('does not use in a window what was left of its lease of the one before', async () => {
    const redis = await connectRedis();
    const rate = { limit: 20, windowMs: 1_000 };
    const replicas = replicasOf(2, redis, rate, 10);
    const countOnce = () => Promise.all(replicas.map((replica) => replica.count('client')));
    expect(passedOf(await countOnce())).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, rate.windowMs + 50));
    const startedAt = performance.now();
    let passed = 0;
    for (let round = 0; round < 40; round += 1) passed += passedOf(await countOnce());
    const windows = Math.floor((performance.now() - startedAt) / rate.windowMs) + 1;
    expect(passed).toBeLessThanOrEqual(windows * rate.limit);
  });

  it('is one for two gateways', async () => {
    const backend = await startBackend();
    const name = uniqueName('t').slice(0, 18);
    const route = `incoming: [{ rateLimit: { limit: 200, window: 10m, name: ${name}, lease: 20 } }]`;
    const gateways = await Promise.all(
      [1, 2].map(async () =>
        startGateway(oneUpstream(backend.url, { route }), { redis: await connectRedis() }),
      ),
    );
    const statuses: number[] = [];
    for (let round = 0; round < 15; round += 1) {
      const asking = gateways.flatMap(({ url }) =>
        Array.from({ length: 10 }, () => fetch(`${url}/api/x`)),
      );
      for (const response of await Promise.all(asking)) {
        statuses.push(response.status);
        await response.arrayBuffer();
      }
    }
    const passed = statuses.filter((status) => status === 200).length;
    expect(passed).toBeLessThanOrEqual(200);
    expect(passed).toBeGreaterThanOrEqual(180);
    expect(statuses.filter((status) => status === 429)).toHaveLength(300 - passed);
  });
});

describe('a lease', () => {
  it('that is more than the limit is refused', async () => {
    const route = 'incoming: [{ rateLimit: { limit: 5, lease: 6 } }]';
    await expect(startGateway(oneUpstream('http://localhost:1', { route }))).rejects.toThrow(
      'the lease of 6 is more than the limit of 5',
    );
  });
});
