import type { NewOutboxMessage } from '@woodytoys/database';
import type { Decision } from './validation.ts';
import { commandsExchange, eventsExchange, routingKeys } from './topology.ts';

/** The body of `order.placed`: all that a worker needs, so that it reads nothing before it decides. */
export interface OrderPlaced {
  readonly orderId: string;
  readonly product: string;
}

/** The body of `order.decided`. */
export interface OrderDecided {
  readonly orderId: string;
  readonly product: string;
  readonly status: Decision['status'];
}

/** What a message goes on with: a transaction holds those of many traces. */
interface Traced {
  readonly traceparent: string | undefined;
}

/** Mandatory: the order counts as handed over once a queue has it. */
export function orderPlaced({
  id,
  product,
  traceparent,
}: Traced & { readonly id: string; readonly product: string }): NewOutboxMessage {
  const body: OrderPlaced = { orderId: id, product };
  return {
    exchange: commandsExchange,
    routingKey: routingKeys.orderPlaced,
    body,
    mandatory: true,
    ...traceHeaders(traceparent),
  };
}

export function orderDecided({
  id,
  product,
  decision,
  traceparent,
}: Traced & {
  readonly id: string;
  readonly product: string;
  readonly decision: Decision;
}): NewOutboxMessage {
  const body: OrderDecided = { orderId: id, product, status: decision.status };
  return {
    exchange: eventsExchange,
    routingKey: routingKeys.orderDecided,
    body,
    ...traceHeaders(traceparent),
  };
}

function traceHeaders(traceparent: string | undefined): Pick<NewOutboxMessage, 'headers'> {
  return traceparent === undefined ? {} : { headers: { traceparent } };
}
