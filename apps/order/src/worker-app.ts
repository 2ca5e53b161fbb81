import { createOutboxRelay } from '@woodytoys/database';
import type { AppDependencies } from '@woodytoys/runtime';
import type { App } from '@woodytoys/service';
import { orderTopology, ordersQueue, routingKeys } from './topology.ts';
import { createValidationJob } from './validation-job.ts';
import { createValidation } from './validation.ts';

export interface WorkerOptions {
  /** How long the validation of an order takes, in milliseconds; 0 unless given. */
  readonly validationMs?: number;
}

/** As many orders as a worker decides on at once. */
const PREFETCH = 10;

/** Nobody waits for the news of a decision, so that under load many leave together. */
const RELAY_GAP_MS = 500;

/** Orders: the part that decides on them in the background. */
export function createOrderWorker(
  { database, messaging, metrics, log, tracing }: Omit<AppDependencies, 'cache'>,
  { validationMs = 0 }: WorkerOptions = {},
): App {
  /** In the order of their start. */
  const running: { stop(): Promise<void> }[] = [];

  return {
    start: async () => {
      await messaging.declare(orderTopology);
      const relay = createOutboxRelay({
        database,
        publish: (message) => messaging.publish(message),
        log,
        metrics,
        except: [routingKeys.orderPlaced],
        minGapMs: RELAY_GAP_MS,
      });
      running.push(relay);
      const job = createValidationJob({
        database,
        validate: createValidation(validationMs),
        committed: () => relay.nudge(),
        tracing,
        prefetch: PREFETCH,
      });
      running.push(await messaging.consume(ordersQueue, job, { prefetch: PREFETCH }));
    },
    stop: async () => {
      // The last first: a handler that still runs may yet fill the outbox.
      for (const part of running.toReversed()) await part.stop();
    },
  };
}
