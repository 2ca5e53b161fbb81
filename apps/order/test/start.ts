import { readFileSync } from 'node:fs';
import { createContractCheck, startTestService } from '@woodytoys/app-testing';
import type { TestService, World } from '@woodytoys/app-testing';
import { createDatabase } from '@woodytoys/database';
import { createMetricsRegistry } from '@woodytoys/metrics';
import { createTestLogger } from '@woodytoys/testing';
import { createOrderApp, orderMigrations } from '../src/app.ts';
import type { OrderOptions } from '../src/app.ts';
import { createOrderWorker } from '../src/worker-app.ts';
import type { WorkerOptions } from '../src/worker-app.ts';

export const check = createContractCheck(
  readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'),
);

export interface OrderService extends TestService {
  /** One more worker over the same database and broker; the result stops it. */
  worker(options?: WorkerOptions): Promise<{ stop(): Promise<void> }>;
}

/** An order service of its own; no replica and no worker runs yet. */
export async function startOrderService(
  world: World,
  options: OrderOptions = {},
): Promise<OrderService> {
  const service = await startTestService(
    {
      name: 'order',
      check,
      create: (dependencies) => createOrderApp(dependencies, options),
      migrations: orderMigrations,
    },
    world,
  );
  const workers: { stop(): Promise<void> }[] = [];
  return {
    ...service,
    async worker(workerOptions = {}) {
      const log = createTestLogger();
      const { messaging } = await world.connect('order');
      const registry = createMetricsRegistry({ defaultMetrics: false });
      const database = createDatabase({
        connectionString: service.databaseUrl,
        service: 'order-worker',
        log,
      });
      const app = createOrderWorker(
        { database, messaging, metrics: registry.service('order'), log, tracing: undefined },
        workerOptions,
      );
      await app.start();
      let stopped: Promise<void> | undefined;
      const stop = () =>
        (stopped ??= app
          .stop()
          .then(() => database.close())
          .then(() => registry.close()));
      const worker = { stop };
      workers.push(worker);
      return worker;
    },
    async close() {
      for (const worker of workers) await worker.stop();
      await service.close();
    },
  };
}
