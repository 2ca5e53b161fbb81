import { prepareDatabase } from '@woodytoys/database';
import type { Seed } from '@woodytoys/database';
import { createTestDatabase, createTestLogger } from '@woodytoys/testing';
import { startReplica } from './replica.ts';
import type { Replica, ReplicaOptions } from './replica.ts';
import type { World } from './world.ts';

export interface TestServiceOptions extends Pick<ReplicaOptions, 'name' | 'check' | 'create'> {
  /** The folder with the migrations. */
  readonly migrations: URL;
  /** None unless given. */
  readonly seed?: Seed['load'];
}

/** A service whose replicas share a database and a world of their own. */
export interface TestService {
  readonly databaseUrl: string;
  readonly world: World;
  /** One more replica; `over` takes the place of what the service says of all. */
  replica(over?: Partial<Pick<ReplicaOptions, 'create' | 'started'>>): Promise<Replica>;
  /** Stops all replicas and removes what the service had, the world included. */
  close(): Promise<void>;
}

/** Prepares a database with `scale` times the seed data, where there are any; no replica runs yet. */
export async function startTestService(
  { name, check, create, migrations, seed }: TestServiceOptions,
  world: World,
  scale = 1,
): Promise<TestService> {
  const database = await createTestDatabase();
  await prepareDatabase({
    directUrl: database.url,
    migrationsDirectory: migrations,
    log: createTestLogger(),
    ...(seed && { seed: { scale, load: seed } }),
  });
  const replicas: Replica[] = [];
  return {
    databaseUrl: database.url,
    world,
    replica: async (over = {}) => {
      const databaseUrl = database.url;
      const replica = await startReplica({ name, world, databaseUrl, check, create, ...over });
      replicas.push(replica);
      return replica;
    },
    close: async () => {
      for (const replica of replicas.reverse()) await replica.stop();
      await world.close();
      await database.drop();
    },
  };
}
