import { readFileSync } from 'node:fs';
import { createInboxCleaner, createOutboxRelay } from '@woodytoys/database';
import type { OutboxRelay } from '@woodytoys/database';
import type { AppDependencies } from '@woodytoys/runtime';
import { createApi, parseContract } from '@woodytoys/service';
import type { App } from '@woodytoys/service';
import { createCacheInvalidator, invalidationBatch } from './cache-invalidator.ts';
import { createCatalogueRequestHandler } from './catalogue-requests.ts';
import { cacheQueue, catalogueRequestsQueue, productTopology } from './events.ts';
import { createProductWriter } from './product-writer.ts';
import { createProductCache } from './products-cache.ts';
import { createProducts } from './products.ts';

/** The SQL files that make this service's tables. */
export const productMigrations = new URL('../migrations/', import.meta.url);

export interface ProductOptions {
  /** How long the query for the newest product takes, in milliseconds; 0 unless given. */
  readonly lastMs?: number;
}

/** The catalogue. */
export function createProductApp(
  { database, cache, messaging, metrics, log, tracing }: AppDependencies,
  { lastMs = 0 }: ProductOptions = {},
): App {
  let relay: OutboxRelay | undefined;
  const running: { stop(): Promise<void> }[] = [];
  const committed = () => relay?.nudge();
  const cached = createProductCache(cache, lastMs);
  const writer = createProductWriter({ database, cached, committed, tracing });

  return {
    handler: createApi({
      contract: parseContract(readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')),
      handlers: createProducts({ database, cached, writer, lastMs }),
      service: 'product',
      log,
      http: metrics.http,
      tracing,
    }),
    start: async () => {
      await messaging.declare(productTopology);
      relay = createOutboxRelay({
        database,
        publish: (message) => messaging.publish(message),
        log,
        metrics,
      });
      running.push(relay, createInboxCleaner({ database, log }));
      running.push(
        await messaging.consume(cacheQueue, createCacheInvalidator(cached), {
          prefetch: invalidationBatch,
        }),
      );
      running.push(
        await messaging.consume(
          catalogueRequestsQueue,
          createCatalogueRequestHandler({ database, committed }),
          { prefetch: 1 },
        ),
      );
    },
    stop: async () => {
      // The last started first: a handler that still runs may yet fill the outbox.
      for (const part of running.toReversed()) await part.stop();
    },
  };
}
