import type { Topology } from '@woodytoys/messaging';

export const commandsExchange = 'woodytoys.commands';
export const eventsExchange = 'woodytoys.events';
export const ordersQueue = 'order.orders';

/** The routing keys of what this service publishes. */
export const routingKeys = {
  orderPlaced: 'order.placed',
  orderDecided: 'order.decided',
} as const;

/** Long enough together to outlast a restart of the database. */
const retryDelaysMs = [500, 2000, 10_000, 30_000];

/**
 * The serving process and the worker both declare it, so that orders are taken before any worker
 * runs.
 */
export const orderTopology: Topology = {
  exchanges: [
    { name: eventsExchange, type: 'topic' },
    { name: commandsExchange, type: 'direct' },
  ],
  queues: [
    {
      name: ordersQueue,
      bindings: [{ exchange: commandsExchange, routingKey: routingKeys.orderPlaced }],
      retryDelaysMs,
    },
  ],
};
