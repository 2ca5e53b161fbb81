import type { MessageMetrics, QueueDepth } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import { Broker, type Queue } from 'smqp';
import { MessagingError } from '../errors.ts';
import type { EncodedMessage } from '../message.ts';
import { DEFAULT_MAX_MESSAGE_BYTES, encodeMessage } from '../message.ts';
import {
  EMPTY_TOPOLOGY,
  checkExchange,
  checkLimit,
  checkPrefetch,
  deadLetterQueueOf,
  knownQueue,
  mergeTopology,
} from '../topology.ts';
import type {
  ConsumeOptions,
  Consumer,
  Handler,
  Messaging,
  OutgoingMessage,
  PublishOptions,
  Topology,
} from '../types.ts';
import { withTimeout } from '../rabbit/waiting.ts';
import { createInProcessConsumer, type Entry } from './consumer.ts';
import { InProcessDeadLetters } from './dead-letters.ts';
import { Publication } from './publication.ts';

export interface InProcessOptions {
  readonly log: Logger;
  readonly metrics?: MessageMetrics;
  /** The most that a body may take as UTF-8 JSON; default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** Messages on their way at once; one more is refused as `overloaded`. Default 10,000. */
  readonly maxPending?: number;
  /** Dead letters kept for each queue; default 1,000. */
  readonly maxDeadLetters?: number;
  /** How long `stop()` and `close()` wait for running handlers; default 15,000. */
  readonly drainTimeoutMs?: number;
}

/**
 * The broker of `npm start`: the same contract as RabbitMQ's without a server, over smqp.
 *
 * It is memory, so a message is only as safe as its publisher's outbox row. That is why `publish()`
 * resolves when every consumer has committed, waits through the retries, and rejects with
 * `deadLettered: true` when one gives the message up. Publishing a message that is still on its way
 * again joins the first publish, so that an impatient relay starts no second handler.
 */
export function createInProcessMessaging({
  log,
  metrics,
  maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES,
  maxPending = 10_000,
  maxDeadLetters = 1_000,
  drainTimeoutMs = 15_000,
}: InProcessOptions): Messaging {
  const broker = new Broker();
  const pending = new Map<string, Publication>();
  const timers = new Set<NodeJS.Timeout>();
  const consumers = new Set<Consumer>();
  const deadLetters = new InProcessDeadLetters(maxDeadLetters, log);
  let topology = EMPTY_TOPOLOGY;
  let closing: Promise<void> | undefined;
  metrics?.connected(true);
  const stopReading = metrics?.queues(depths);

  function checkOpen(): void {
    if (closing) throw closedError();
  }

  async function declare(added: Topology): Promise<void> {
    checkOpen();
    topology = mergeTopology(topology, added);
    for (const { name, type } of added.exchanges) {
      broker.assertExchange(name, type, { autoDelete: false });
      metrics?.declared(name);
    }
    for (const { name, bindings } of added.queues) {
      broker.assertQueue(name, { autoDelete: false });
      for (const { exchange, routingKey } of bindings) {
        broker.bindQueue(name, exchange, routingKey);
      }
    }
  }

  async function publish(
    outgoing: OutgoingMessage,
    { timeoutMs }: PublishOptions = {},
  ): Promise<void> {
    checkOpen();
    const message = encodeMessage(outgoing, maxMessageBytes);
    checkExchange(topology, message.exchange);
    const key = JSON.stringify([message.exchange, message.routingKey, message.id]);
    try {
      const settled = pending.get(key)?.settled ?? send(key, message);
      await (timeoutMs === undefined
        ? settled
        : withTimeout(settled, timeoutMs, () => lateError(message, timeoutMs)));
      metrics?.published(message.exchange, 'confirmed');
    } catch (error) {
      metrics?.published(message.exchange, 'failed');
      throw error;
    }
  }

  async function send(key: string, message: EncodedMessage): Promise<void> {
    const queues = queuesFor(broker, message);
    if (queues.size === 0) {
      if (message.mandatory) throw unroutableError(message);
      return;
    }
    if (pending.size >= maxPending) {
      throw new MessagingError(
        'overloaded',
        `${pending.size} messages are on their way, the most allowed; publish message ` +
          `${message.id} again later.`,
      );
    }
    const publication = new Publication(message.id, queues.size);
    pending.set(key, publication);
    for (const queue of queues) put(queue, { message, attempt: 1, publication });
    try {
      await publication.settled;
    } finally {
      pending.delete(key);
    }
  }

  async function consume<Body>(
    name: string,
    handler: Handler<Body>,
    { prefetch }: ConsumeOptions,
  ): Promise<Consumer> {
    checkOpen();
    checkPrefetch(prefetch);
    const queue = knownQueue(topology, name);
    const from = queueOf(name);
    metrics?.consuming(name);
    const consumer = createInProcessConsumer({
      queue,
      handler,
      log,
      metrics,
      from,
      prefetch,
      drainTimeoutMs,
      retryLater(entry, delayMs) {
        if (closing) return;
        const timer = setTimeout(() => {
          timers.delete(timer);
          put(from, { ...entry, attempt: entry.attempt + 1 });
        }, delayMs);
        timers.add(timer);
      },
      giveUp({ message, attempt, publication }, reason) {
        deadLetters.add(name, message, reason, attempt);
        publication?.givenUp(name, reason);
      },
    });
    consumers.add(consumer);
    return {
      async stop() {
        await consumer.stop();
        consumers.delete(consumer);
      },
    };
  }

  function queueOf(name: string): Queue {
    knownQueue(topology, name);
    return broker.assertQueue(name);
  }

  /** Under the names that RabbitMQ has for them; a message that waits for its next attempt is in none. */
  function depths(): Record<string, QueueDepth> {
    const all: Record<string, QueueDepth> = {};
    for (const { name, messageCount, unackedCount } of broker.getStats().queues) {
      all[name] = { ready: messageCount - unackedCount, unacknowledged: unackedCount };
      all[deadLetterQueueOf(name)] = { ready: deadLetters.count(name), unacknowledged: 0 };
    }
    return all;
  }

  async function redrive(name: string, limit: number): Promise<number> {
    checkOpen();
    checkLimit(limit);
    const queue = queueOf(name);
    const taken = deadLetters.take(name, limit);
    for (const { message } of taken) put(queue, { message, attempt: 1, publication: undefined });
    return taken.length;
  }

  async function close(): Promise<void> {
    await Promise.all([...consumers].map((consumer) => consumer.stop()));
    for (const timer of timers) clearTimeout(timer);
    for (const publication of pending.values()) publication.fail(closedError());
    stopReading?.();
    broker.reset();
    metrics?.connected(false);
  }

  return {
    declare,
    publish,
    consume,
    async deadLetters(name, limit) {
      checkLimit(limit);
      knownQueue(topology, name);
      return deadLetters.list(name, limit);
    },
    redrive,
    async ping() {
      checkOpen();
    },
    close: () => (closing ??= close()),
  };
}

function put(queue: Queue, entry: Entry): void {
  queue.queueMessage({ routingKey: entry.message.routingKey }, entry);
}

/** The queues that take a message; each once, however many of its bindings match. */
function queuesFor(broker: Broker, { exchange: name, routingKey }: EncodedMessage): Set<Queue> {
  const exchange = broker.getExchange(name);
  const matching = exchange.bindings.filter((binding) => {
    if (exchange.type === 'fanout') return true;
    return exchange.type === 'direct'
      ? binding.pattern === routingKey
      : binding.testPattern(routingKey);
  });
  return new Set(matching.map(({ queue }) => queue));
}

function lateError({ id }: EncodedMessage, timeoutMs: number): MessagingError {
  return new MessagingError(
    'timeout',
    `The consumers of message ${id} have not committed within ${timeoutMs} ms; they go on.`,
    { mayHaveArrived: true },
  );
}

function unroutableError({ id, exchange, routingKey }: EncodedMessage): MessagingError {
  return new MessagingError(
    'unroutable',
    `No queue takes message ${id} from the exchange "${exchange}" with the routing key ` +
      `"${routingKey}"; declare a queue bound to it, then publish again.`,
  );
}

function closedError(): MessagingError {
  return new MessagingError(
    'closed',
    'Messaging is closed in this process; the message is to be published again by the next one.',
  );
}
