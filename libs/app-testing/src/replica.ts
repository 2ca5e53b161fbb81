import { createDatabase } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { createMetricsRegistry } from '@woodytoys/metrics';
import type { AppDependencies } from '@woodytoys/runtime';
import { listen } from '@woodytoys/service';
import type { App } from '@woodytoys/service';
import { createTestLogger } from '@woodytoys/testing';
import type { TestLogger } from '@woodytoys/testing';
import { createClient } from './client.ts';
import type { Client } from './client.ts';
import type { ContractCheck } from './contract-check.ts';
import type { World } from './world.ts';

/** One running process of an app, but within the test's own. */
export interface Replica extends Pick<AppDependencies, 'cache' | 'messaging'> {
  readonly client: Client;
  readonly port: number;
  readonly database: Database;
  readonly log: TestLogger;
  /** The text that `/metrics` would answer. */
  scrape(): Promise<string>;
  /** Stops the app, its server and its pool, once; the world stays. */
  stop(): Promise<void>;
}

export interface ReplicaOptions {
  /** As in logs and metrics. */
  readonly name: string;
  readonly world: World;
  readonly databaseUrl: string;
  readonly check: ContractCheck;
  readonly create: (dependencies: AppDependencies) => App;
  /** False leaves its consumers and loops out, so that only what a request does is seen. */
  readonly started?: boolean;
}

/** Starts an app that serves HTTP on a free port of 127.0.0.1. */
export async function startReplica({
  name,
  world,
  databaseUrl,
  check,
  create,
  started = true,
}: ReplicaOptions): Promise<Replica> {
  const log = createTestLogger();
  const registry = createMetricsRegistry({ defaultMetrics: false });
  const metrics = registry.service(name);
  const database = createDatabase({ connectionString: databaseUrl, service: name, metrics, log });
  const { cache, messaging } = await world.connect(name);
  const app = create({ database, cache, messaging, metrics, log });
  if (started) await app.start();
  if (app.handler === undefined) throw new Error(`${name} has no handler; a replica serves HTTP`);
  const server = await listen(app.handler, { port: 0, host: '127.0.0.1' });
  let stopped: Promise<void> | undefined;

  async function stop(): Promise<void> {
    await server.close();
    await app.stop();
    await database.close();
    registry.close();
  }

  return {
    client: createClient(server.port, check),
    port: server.port,
    database,
    cache,
    messaging,
    log,
    scrape: async () => (await registry.expose()).body,
    stop: () => (stopped ??= stop()),
  };
}
