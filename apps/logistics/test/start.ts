import { readFileSync } from 'node:fs';
import { createContractCheck, startTestService } from '@woodytoys/app-testing';
import type { Replica, World } from '@woodytoys/app-testing';
import { createDatabase } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import type { Messaging } from '@woodytoys/messaging';
import { createTestLogger, waitFor } from '@woodytoys/testing';
import type { TestLogger } from '@woodytoys/testing';
import { v7 as uuidv7 } from 'uuid';
import { createLogisticsApp } from '../src/app.ts';
import type { LogisticsOptions } from '../src/app.ts';
import { logisticsMigrations } from '../src/migrations.ts';
import { seedLogistics, seedPriceCents, seedSizes } from '../src/seed.ts';
import { createLogisticsWorker } from '../src/worker-app.ts';

export const check = createContractCheck(
  readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'),
);

/** As the product service publishes it. */
export interface ProductEvent {
  readonly id: number;
  readonly name: string;
  readonly price: string;
  readonly description: string;
  readonly category: string;
  readonly version: number;
  readonly deleted: boolean;
}

export interface Worker {
  readonly messaging: Messaging;
  readonly log: TestLogger;
  stop(): Promise<void>;
}

export interface LogisticsService {
  readonly databaseUrl: string;
  readonly world: World;
  /** A pool of the test's own, for plain SQL. */
  readonly database: Database;
  /**
   * One more serving process over the same database, cache and broker; `wrap` stands between it and
   * its pool.
   */
  replica(wrap?: (database: Database) => Database): Promise<Replica>;
  /** One more worker. */
  worker(): Promise<Worker>;
  /** Hands over the seed's catalogue as the product service would; a worker must run. */
  fillCatalogue(): Promise<void>;
  /** Publishes an event of the product service. */
  publish(routingKey: string, body: unknown, id?: string): Promise<void>;
  /** Stops everything and removes what the service had. */
  close(): Promise<void>;
}

/** The catalogue of the seed data. */
export function seedProduct(id: number): ProductEvent {
  return {
    id,
    name: `Product_${id}`,
    price: (seedPriceCents(id) / 100).toFixed(2),
    description: `Number ${id}.`,
    category: 'games',
    version: 1,
    deleted: false,
  };
}

/** A logistics service of its own, with `scale` times the seed data. */
export async function startLogisticsService(
  world: World,
  scale: number,
  options: LogisticsOptions = {},
): Promise<LogisticsService> {
  const serving = await startTestService(
    {
      name: 'logistics',
      check,
      create: (dependencies) => createLogisticsApp(dependencies, options),
      migrations: logisticsMigrations,
      seed: seedLogistics,
    },
    world,
    scale,
  );
  const { databaseUrl } = serving;
  const database = connect('test');
  const workers: Worker[] = [];

  function connect(service: string): Database {
    return createDatabase({ connectionString: databaseUrl, service, log: createTestLogger() });
  }

  const service: LogisticsService = {
    databaseUrl,
    world,
    database,
    replica: (wrap = (pool) => pool) =>
      serving.replica({
        create: (dependencies) =>
          createLogisticsApp({ ...dependencies, database: wrap(dependencies.database) }, options),
      }),
    worker: async () => {
      const log = createTestLogger();
      const connected = await world.connect('logistics');
      const pool = connect('logistics-worker');
      const app = createLogisticsWorker({ ...connected, database: pool, log }, options);
      await app.start();
      let stopped: Promise<void> | undefined;
      const stop = () => (stopped ??= app.stop().then(() => pool.close()));
      const worker = { messaging: connected.messaging, log, stop };
      workers.push(worker);
      return worker;
    },
    fillCatalogue: async () => {
      const { products } = seedSizes(scale);
      const all = Array.from({ length: products }, (_, index) => seedProduct(index + 1));
      await service.publish('catalogue.filled', { products: all });
      await waitFor(async () => {
        const [row] = await database.query<{ count: number }>(
          'SELECT count(*) AS count FROM product_copies',
        );
        return row?.count === products;
      });
    },
    publish: async (routingKey, body, id = uuidv7()) => {
      const { messaging } = await world.connect('product');
      const exchange = 'woodytoys.events';
      await messaging.declare({ exchanges: [{ name: exchange, type: 'topic' }], queues: [] });
      await messaging.publish({ id, exchange, routingKey, body });
    },
    close: async () => {
      for (const worker of workers) await worker.stop();
      await database.close();
      await serving.close();
    },
  };
  return service;
}
