import { createClient, startMain } from '@woodytoys/app-testing';
import type { StartedProcess } from '@woodytoys/app-testing';
import {
  createTestDatabase,
  createTestVirtualHost,
  describeWithRabbit,
  describeWithRedis,
  redisUrl,
} from '@woodytoys/testing';
import type { TestDatabase, TestVirtualHost } from '@woodytoys/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { check } from './start.ts';

describeWithRedis('processes of the product service', () => {
  describeWithRabbit('with all that is behind them', () => {
    let database: TestDatabase;
    let virtualHost: TestVirtualHost;
    const processes: StartedProcess[] = [];

    beforeAll(async () => {
      database = await createTestDatabase();
      virtualHost = await createTestVirtualHost();
    });
    afterAll(async () => {
      for (const one of processes) {
        one.kill('SIGKILL');
        await one.exited;
      }
      await virtualHost?.drop();
      await database?.drop();
    });

    it('start together on an empty database, answer the seed, and end with code 0', async () => {
      const environment = {
        DATABASE_URL: database.url,
        REDIS_URL: redisUrl(),
        AMQP_URL: virtualHost.url,
        SEED_SCALE: '0.1',
      };
      const main = new URL('../src/main.ts', import.meta.url);
      processes.push(startMain(main, environment), startMain(main, environment));
      for (const one of processes) {
        const client = createClient(await one.ready(), check);
        expect(await client.get('/products/1')).toMatchObject({
          status: 200,
          body: { price: 19.99 },
        });
      }
      for (const one of processes) one.kill('SIGTERM');
      expect(await Promise.all(processes.map(({ exited }) => exited))).toEqual([0, 0]);
      const seeded = processes
        .flatMap(({ lines }) => lines)
        .filter(({ msg }) => msg === 'seed data loaded');
      expect(seeded).toHaveLength(1);
    }, 90_000);
  });
});
