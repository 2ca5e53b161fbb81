import { readFileSync } from 'node:fs';
import { createOutboxRelay } from '@woodytoys/database';
import type { OutboxRelay } from '@woodytoys/database';
import type { AppDependencies } from '@woodytoys/runtime';
import { createApi, parseContract } from '@woodytoys/service';
import type { App } from '@woodytoys/service';
import { createMisc } from './misc.ts';
import { countOrders } from './orders-repository.ts';
import { createOrders } from './orders.ts';
import { orderTopology, routingKeys } from './topology.ts';

export { orderMigrations } from './migrations.ts';

export interface OrderOptions {
  /** How long the heavy computation takes, in milliseconds; 0 unless given. */
  readonly heavyMs?: number;
}

/** Orders and Woodytoys' computations: the part that answers. */
export function createOrderApp(
  { database, cache, messaging, metrics, log, tracing }: AppDependencies,
  { heavyMs = 0 }: OrderOptions = {},
): App {
  let relay: OutboxRelay | undefined;
  let uncount: (() => void) | undefined;

  return {
    handler: createApi({
      contract: parseContract(readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')),
      handlers: {
        ...createOrders({ database, committed: () => relay?.nudge(), tracing }),
        ...createMisc({ cache, heavyMs }),
      },
      service: 'order',
      log,
      http: metrics.http,
      tracing,
    }),
    start: async () => {
      await messaging.declare(orderTopology);
      relay = createOutboxRelay({
        database,
        publish: (message) => messaging.publish(message),
        log,
        metrics,
        // The workers' own.
        except: [routingKeys.orderDecided],
      });
      uncount = metrics.jobs('order', async () => {
        // In the words that the jobs of all services share; to be refused is no failure.
        const { pending: queued, validated: done, refused } = await countOrders(database);
        return { queued, done, refused };
      });
    },
    stop: async () => {
      uncount?.();
      await relay?.stop();
    },
  };
}
