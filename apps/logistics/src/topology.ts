import type { QueueDeclaration, Topology } from '@woodytoys/messaging';

export const eventsExchange = 'woodytoys.events';
export const commandsExchange = 'woodytoys.commands';

export const reportsQueue = 'logistics.reports';
export const productsQueue = 'logistics.products';

/** The routing keys of what this service publishes. */
export const routingKeys = {
  saleRecorded: 'sale.recorded',
  restockRecorded: 'restock.recorded',
  reportRequested: 'report.requested',
  catalogueRequested: 'catalogue.requested',
} as const;

/** How many events of products are applied together at most. */
export const productBatch = 100;

/** Long enough together to outlast a restart of the database. */
const reportRetryDelaysMs = [500, 2000, 10_000, 30_000];
const productRetryDelaysMs = [200, 1000, 5000, 30_000, 120_000];

export interface TopologyOptions {
  /** The pauses between the attempts of a report job, in milliseconds; 0.5, 2, 10 and 30 s unless given. */
  readonly reportRetryDelaysMs?: readonly number[];
}

/** How often a report job is tried before it is given up. */
export function reportAttempts(options: TopologyOptions = {}): number {
  return (options.reportRetryDelaysMs ?? reportRetryDelaysMs).length + 1;
}

/**
 * The exchanges and queues of this service. The serving process and the worker both declare them,
 * so that a report can be asked for, and events of products are kept, before any worker runs.
 */
export function logisticsTopology(options: TopologyOptions = {}): Topology {
  const reports: QueueDeclaration = {
    name: reportsQueue,
    bindings: [{ exchange: commandsExchange, routingKey: routingKeys.reportRequested }],
    retryDelaysMs: options.reportRetryDelaysMs ?? reportRetryDelaysMs,
  };
  const products: QueueDeclaration = {
    name: productsQueue,
    bindings: ['product.updated', 'product.deleted', 'catalogue.filled'].map((routingKey) => ({
      exchange: eventsExchange,
      routingKey,
    })),
    retryDelaysMs: productRetryDelaysMs,
  };
  return {
    exchanges: [
      { name: eventsExchange, type: 'topic' },
      { name: commandsExchange, type: 'direct' },
    ],
    queues: [reports, products],
  };
}
