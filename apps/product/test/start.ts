import { readFileSync } from 'node:fs';
import {
  createContractCheck,
  createMemoryWorld,
  createServerWorld,
  startReplica,
} from '@woodytoys/app-testing';
import type { Replica, World } from '@woodytoys/app-testing';
import { prepareDatabase } from '@woodytoys/database';
import {
  createTestDatabase,
  createTestLogger,
  describeWithRabbit,
  describeWithRedis,
} from '@woodytoys/testing';
import { describe } from 'vitest';
import { createProductApp, productMigrations } from '../src/app.ts';
import { seedProducts } from '../src/seed.ts';

export const check = createContractCheck(
  readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'),
);

export interface ProductService {
  readonly databaseUrl: string;
  readonly world: World;
  /** One more replica over the same database, cache and broker; `started` as in `ReplicaOptions`. */
  replica(started?: boolean): Promise<Replica>;
  /** Stops all replicas and removes what the service had. */
  close(): Promise<void>;
}

/** A product service of its own, with `scale` times 1,000 products. */
export async function startProductService(world: World, scale: number): Promise<ProductService> {
  const database = await createTestDatabase();
  await prepareDatabase({
    directUrl: database.url,
    migrationsDirectory: productMigrations,
    log: createTestLogger(),
    seed: { scale, load: seedProducts },
  });
  const replicas: Replica[] = [];
  return {
    databaseUrl: database.url,
    world,
    replica: async (started = true) => {
      const replica = await startReplica({
        name: 'product',
        world,
        databaseUrl: database.url,
        check,
        create: createProductApp,
        started,
      });
      replicas.push(replica);
      return replica;
    },
    close: async () => {
      for (const replica of replicas) await replica.stop();
      await world.close();
      await database.drop();
    },
  };
}

/** The same tests in both worlds: all in one process, and over Redis and RabbitMQ. */
export function describeInBothWorlds(
  title: string,
  tests: (createWorld: () => Promise<World>) => void,
): void {
  describe(`${title}, in one process`, () => tests(async () => createMemoryWorld()));
  describeWithRedis(`${title}, with Redis`, () => {
    describeWithRabbit('and RabbitMQ', () => tests(createServerWorld));
  });
}
