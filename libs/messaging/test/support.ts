import type { MessageMetrics, QueueDepth } from '@woodytoys/metrics';
import { v7 as uuidv7 } from 'uuid';
import type { Delivery, Messaging, OutgoingMessage, QueueDeclaration } from '../src/index.ts';

/** A message with an id of its own; the body says nothing unless it is given. */
export function message(
  exchange: string,
  routingKey: string,
  rest: Partial<OutgoingMessage> = {},
): OutgoingMessage {
  return { id: uuidv7(), exchange, routingKey, body: {}, ...rest };
}

/** Declares one topic exchange and one queue that takes everything from it. */
export async function declareQueue(
  messaging: Messaging,
  name: string,
  retryDelaysMs: readonly number[] = [],
): Promise<QueueDeclaration & { readonly exchange: string }> {
  const exchange = `${name}.events`;
  const queue = { name, bindings: [{ exchange, routingKey: '#' }], retryDelaysMs };
  await messaging.declare({ exchanges: [{ name: exchange, type: 'topic' }], queues: [queue] });
  return { ...queue, exchange };
}

export interface Recorder {
  readonly deliveries: Delivery[];
  readonly handler: (delivery: Delivery) => Promise<void>;
}

/** A handler that keeps what it gets, and then does as `then` says. */
export function recorder(then: (delivery: Delivery) => Promise<void> | void = () => {}): Recorder {
  const deliveries: Delivery[] = [];
  return {
    deliveries,
    async handler(delivery) {
      deliveries.push(delivery);
      await then(delivery);
    },
  };
}

export interface RecordedMetrics extends MessageMetrics {
  readonly calls: string[];
  /** What is shown before its first message. */
  readonly begun: string[];
  readQueues(): Readonly<Record<string, QueueDepth>>;
}

/** Metrics that keep each call as a line. */
export function recordedMetrics(): RecordedMetrics {
  const calls: string[] = [];
  const begun: string[] = [];
  let readQueues = (): Readonly<Record<string, QueueDepth>> => ({});
  return {
    calls,
    begun,
    declared: (exchange) => begun.push(`exchange ${exchange}`),
    consuming: (queue) => begun.push(`queue ${queue}`),
    published: (_exchange, outcome) => calls.push(`published ${outcome}`),
    consumed: (_queue, outcome) => calls.push(`consumed ${outcome}`),
    redelivered: () => calls.push('redelivered'),
    queueAge: (_queue, seconds) => calls.push(seconds >= 0 ? 'age' : 'age below 0'),
    connected: (up) => calls.push(`connected ${up}`),
    queues(read) {
      readQueues = read;
      return () => (readQueues = () => ({}));
    },
    readQueues: () => readQueues(),
  };
}

/** A promise that the test settles itself. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: () => resolve() };
}
