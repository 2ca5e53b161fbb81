import {
  createTestDatabase,
  createTestVirtualHost,
  describeWithRabbit,
  describeWithRedis,
  redisUrl,
} from '@woodytoys/testing';
import type { TestDatabase, TestVirtualHost } from '@woodytoys/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClient } from './client.ts';
import type { ContractCheck } from './contract-check.ts';
import { startMain } from './process.ts';
import type { StartedProcess } from './process.ts';

export interface ProcessTests {
  /** The service's `main.ts`. */
  readonly main: URL;
  readonly check: ContractCheck;
  /** What is answered from the start: a resource of the seed where there is one, and some of its body. */
  readonly answered: { readonly path: string; readonly body: object };
  /** Whether it has seed data; true unless given. */
  readonly seeds?: boolean;
}

/** What holds for the processes of every service, `name` in the title. */
export function describeProcesses(
  name: string,
  { main, check, answered, seeds = true }: ProcessTests,
): void {
  describeWithRedis(`processes of the ${name} service`, () => {
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

      it('start together on an empty database, answer, and end with code 0', async () => {
        const environment = {
          DATABASE_URL: database.url,
          REDIS_URL: redisUrl(),
          AMQP_URL: virtualHost.url,
          SEED_SCALE: '0.1',
        };
        processes.push(startMain(main, environment), startMain(main, environment));
        for (const one of processes) {
          const client = createClient(await one.ready(), check);
          expect(await client.get(answered.path)).toMatchObject({
            status: 200,
            body: answered.body,
          });
        }
        for (const one of processes) one.kill('SIGTERM');
        expect(await Promise.all(processes.map(({ exited }) => exited))).toEqual([0, 0]);
        const loaded = processes
          .flatMap(({ lines }) => lines)
          .filter(({ msg }) => msg === 'seed data loaded');
        expect(loaded).toHaveLength(seeds ? 1 : 0);
      }, 90_000);
    });
  });
}
