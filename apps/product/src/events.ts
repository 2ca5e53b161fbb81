import type { NewOutboxMessage } from '@woodytoys/database';
import type { Topology } from '@woodytoys/messaging';
import type { StoredProduct } from './products-repository.ts';

export const cacheQueue = 'product.cache';
export const catalogueRequestsQueue = 'product.catalogue-requests';

/** What this service publishes to and reads from. */
export const productTopology: Topology = {
  exchanges: [
    { name: 'woodytoys.events', type: 'topic' },
    { name: 'woodytoys.commands', type: 'direct' },
  ],
  queues: [
    {
      name: cacheQueue,
      bindings: [
        { exchange: 'woodytoys.events', routingKey: 'product.updated' },
        { exchange: 'woodytoys.events', routingKey: 'product.deleted' },
      ],
      retryDelaysMs: [200, 1000, 5000],
    },
    {
      name: catalogueRequestsQueue,
      bindings: [{ exchange: 'woodytoys.commands', routingKey: 'catalogue.requested' }],
      retryDelaysMs: [200, 1000, 5000, 30_000],
    },
  ],
};

/** The body of `product.updated` and `product.deleted`, and each item of `catalogue.filled`. */
export interface ProductState {
  readonly id: number;
  readonly name: string;
  /** A decimal with 2 places. */
  readonly price: string;
  readonly description: string;
  readonly category: string;
  /** Grows by 1 a write; whoever keeps a copy applies only a greater one. */
  readonly version: number;
  readonly deleted: boolean;
}

export interface CatalogueFilled {
  readonly products: readonly ProductState[];
}

function stateOf(product: StoredProduct): ProductState {
  const { id, name, price, description, category, version, deleted } = product;
  return { id, name, price, description, category, version, deleted };
}

/** @param traceparent of the request that changed it; the transaction's unless given. */
export function productChanged(product: StoredProduct, traceparent?: string): NewOutboxMessage {
  return {
    exchange: 'woodytoys.events',
    routingKey: product.deleted ? 'product.deleted' : 'product.updated',
    body: stateOf(product),
    ...(traceparent !== undefined && { headers: { traceparent } }),
  };
}

export function catalogueFilled(products: readonly StoredProduct[]): NewOutboxMessage {
  const body: CatalogueFilled = { products: products.map(stateOf) };
  return { exchange: 'woodytoys.events', routingKey: 'catalogue.filled', body };
}
