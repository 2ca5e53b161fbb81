import type { NewOutboxMessage } from '@woodytoys/database';
import type { Decision } from './validation.ts';
import { commandsExchange, eventsExchange, routingKeys } from './topology.ts';

/** The body of `order.placed`. */
export interface OrderPlaced {
  readonly orderId: string;
}

/** The body of `order.decided`. */
export interface OrderDecided {
  readonly orderId: string;
  readonly product: string;
  readonly status: Decision['status'];
}

/** Mandatory: the order counts as handed over once a queue has it. */
export function orderPlaced(orderId: string): NewOutboxMessage {
  const body: OrderPlaced = { orderId };
  return {
    exchange: commandsExchange,
    routingKey: routingKeys.orderPlaced,
    body,
    mandatory: true,
  };
}

export function orderDecided(body: OrderDecided): NewOutboxMessage {
  return { exchange: eventsExchange, routingKey: routingKeys.orderDecided, body };
}
