import { inSpan } from '@woodytoys/tracing';
import type { Attributes, Tracing } from '@woodytoys/tracing';
import type { Handler, Messaging, OutgoingMessage } from './types.ts';

/** `messaging.system`, and where the broker is when it is no part of the process. */
export type BrokerAttributes = Attributes & { readonly 'messaging.system': string };

/**
 * The same messaging, whose messages carry the trace that they belong to: that in their headers
 * (kept in an outbox, say), or that of whoever publishes. A handler works for a span below it, so
 * that what a message sets off is in the trace of what asked for it.
 */
export function traceMessaging(
  messaging: Messaging,
  tracing: Tracing,
  broker: BrokerAttributes,
): Messaging {
  return {
    ...messaging,
    async publish(message, options) {
      const { exchange, routingKey, id, headers } = message;
      const traceparent = headers?.['traceparent'] ?? tracing.current()?.traceparent;
      if (traceparent === undefined) return messaging.publish(message, options);
      const span = tracing.begin(`publish ${exchange}`, 'producer', traceparent, {
        ...broker,
        'messaging.operation.name': 'publish',
        'messaging.operation.type': 'send',
        'messaging.destination.name': `${exchange}:${routingKey}`,
        'messaging.rabbitmq.destination.routing_key': routingKey,
        'messaging.message.id': id,
      });
      const sent: OutgoingMessage = {
        ...message,
        headers: { ...headers, traceparent: span.traceparent },
      };
      return inSpan(tracing, span, () => messaging.publish(sent, options));
    },
    consume: <Body>(...[queue, handler, options]: Parameters<typeof messaging.consume<Body>>) =>
      messaging.consume(queue, tracedHandler(queue, handler), options),
  };

  function tracedHandler<Body>(queue: string, handler: Handler<Body>): Handler<Body> {
    return (delivery) => {
      const { headers, routingKey, id, attempt } = delivery;
      const span = tracing.begin(`process ${queue}`, 'consumer', headers['traceparent'], {
        ...broker,
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': queue,
        'messaging.rabbitmq.destination.routing_key': routingKey,
        'messaging.message.id': id,
        'woodytoys.attempt': attempt,
      });
      return inSpan(tracing, span, () => handler(delivery));
    };
  }
}
