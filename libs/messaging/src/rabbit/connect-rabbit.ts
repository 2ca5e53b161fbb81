import type { MessageMetrics } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import type { Tracing } from '@woodytoys/tracing';
import type { ChannelModel } from 'amqplib';
import { MessagingError, reasonOf } from '../errors.ts';
import { DEFAULT_MAX_MESSAGE_BYTES, encodeMessage } from '../message.ts';
import {
  EMPTY_TOPOLOGY,
  checkExchange,
  checkLimit,
  checkPrefetch,
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
import { RabbitConsumer } from './consumer.ts';
import { traceMessaging } from '../traced-messaging.ts';
import { readDeadLetters, redriveDeadLetters } from './dead-letters.ts';
import { DEFAULT_DELIVERY_LIMIT, codeOf, declareTopology } from './declare.ts';
import { Link } from './link.ts';
import { Publisher } from './publisher.ts';
import { toWire } from './wire.ts';

/** Seconds between heartbeats; a broker that is silent for two to three of them is taken for lost. */
const HEARTBEAT_SECONDS = 10;

const PING_TIMEOUT_MS = 2_000;

export interface RabbitOptions {
  /** `amqp://user:password@host:5672/vhost`, or `amqps:`. */
  readonly url: string;
  /** Names the connections and the origin of messages. */
  readonly service: string;
  readonly log: Logger;
  readonly metrics?: MessageMetrics;
  /** Makes spans of what is published and handled; none unless given. */
  readonly tracing?: Tracing | undefined;
  /** From the call of `publish()` to the broker's confirmation; default 5,000. */
  readonly publishTimeoutMs?: number;
  /** How long the first connection may take; default 30,000. Later ones are tried for ever. */
  readonly connectTimeoutMs?: number;
  /** How long `stop()` and `close()` wait for running handlers; default 15,000. */
  readonly drainTimeoutMs?: number;
  /** Messages sent and not yet confirmed; default 1,000. */
  readonly maxOutstanding?: number;
  /** The most that a body may take as UTF-8 JSON; default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** How often the broker may deliver a message whose consumer dies over it; default 20. */
  readonly deliveryLimit?: number;
}

/**
 * Messaging over RabbitMQ 4. One connection publishes and one consumes, because a broker that is
 * short of memory stops reading from publishers, and acknowledgements must still get through.
 *
 * @throws MessagingError `connect-failed` when the broker is not reached in time
 */
export async function connectRabbit({
  url,
  service,
  log,
  metrics,
  tracing,
  publishTimeoutMs = 5_000,
  connectTimeoutMs = 30_000,
  drainTimeoutMs = 15_000,
  maxOutstanding = 1_000,
  maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES,
  deliveryLimit = DEFAULT_DELIVERY_LIMIT,
}: RabbitOptions): Promise<Messaging> {
  let topology = EMPTY_TOPOLOGY;
  let declaring: Promise<void> = Promise.resolve();
  let closing: Promise<void> | undefined;
  const consumers = new Set<RabbitConsumer>();
  const address = withHeartbeat(url);
  const changed = () => metrics?.connected(publishing.up && consuming.up);

  const publishing: Link = new Link({
    url: address,
    name: `${service} publishing`,
    log,
    changed,
    async setUp(model) {
      await declareTopology(model, topology, deliveryLimit);
      publisher.attach(await model.createConfirmChannel());
    },
  });
  const publisher = new Publisher(publishing, { timeoutMs: publishTimeoutMs, maxOutstanding });
  const consuming: Link = new Link({
    url: address,
    name: `${service} consuming`,
    log,
    changed,
    setUp: (model) => declareTopology(model, topology, deliveryLimit),
  });

  try {
    await Promise.all([publishing.model(connectTimeoutMs), consuming.model(connectTimeoutMs)]);
  } catch (cause) {
    await Promise.all([publishing.close(), consuming.close()]);
    throw new MessagingError(
      'connect-failed',
      `RabbitMQ at ${withoutPassword(url)} was not reached within ${connectTimeoutMs} ms ` +
        `(${publishing.trouble}); check that it runs, and the address, user and password.`,
      { cause },
    );
  }

  function checkOpen(): void {
    if (closing) throw new MessagingError('closed', 'Messaging is closed in this process.');
  }

  /** Work that is asked for by a caller, who hears of its failure in our words. */
  async function onConnection<T>(
    link: Link,
    work: (model: ChannelModel) => Promise<T>,
  ): Promise<T> {
    const model = await link.model(connectTimeoutMs);
    try {
      return await work(model);
    } catch (cause) {
      if (cause instanceof MessagingError) throw cause;
      throw new MessagingError(
        codeOf(cause) === undefined ? 'connection-lost' : 'rejected',
        `The broker has not done what it was asked (${reasonOf(cause)}).`,
        { cause },
      );
    }
  }

  const redeclare = () =>
    onConnection(publishing, (model) => declareTopology(model, topology, deliveryLimit));

  async function declare(added: Topology): Promise<void> {
    checkOpen();
    // One after the other, so that each builds on what is known.
    const mine = declaring.then(async () => {
      const merged = mergeTopology(topology, added);
      await onConnection(publishing, (model) => declareTopology(model, merged, deliveryLimit));
      topology = merged;
      for (const { name } of added.exchanges) metrics?.declared(name);
    });
    declaring = mine.catch(() => {});
    await mine;
  }

  async function publish(
    outgoing: OutgoingMessage,
    { timeoutMs = publishTimeoutMs }: PublishOptions = {},
  ): Promise<void> {
    checkOpen();
    const message = encodeMessage(outgoing, maxMessageBytes);
    checkExchange(topology, message.exchange);
    try {
      await publisher.publish(toWire(message, service), timeoutMs);
      metrics?.published(message.exchange, 'confirmed');
    } catch (error) {
      metrics?.published(message.exchange, 'failed');
      throw error;
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
    metrics?.consuming(name);
    const consumer = new RabbitConsumer({
      queue,
      handler,
      log,
      metrics,
      link: consuming,
      publisher,
      prefetch,
      drainTimeoutMs,
      redeclare,
    });
    consumers.add(consumer);
    let stopped: Promise<void> | undefined;
    const stop = () => (stopped ??= consumer.stop().finally(() => consumers.delete(consumer)));
    try {
      await consumer.subscribed(connectTimeoutMs);
    } catch (error) {
      await stop();
      throw error;
    }
    return { stop };
  }

  async function close(): Promise<void> {
    // Consumers first: they need the publisher for their retries and dead letters.
    await Promise.all([...consumers].map((consumer) => consumer.stop()));
    await publisher.drain();
    await Promise.all([publishing.close(), consuming.close()]);
  }

  const messaging: Messaging = {
    declare,
    publish,
    consume,
    async deadLetters(queue, limit) {
      checkLimit(limit);
      return onConnection(consuming, (model) => readDeadLetters(model, queue, limit));
    },
    async redrive(queue, limit) {
      checkLimit(limit);
      return onConnection(consuming, (model) => redriveDeadLetters(model, publisher, queue, limit));
    },
    async ping() {
      checkOpen();
      const down = [publishing, consuming].find((link) => !link.up);
      if (down) {
        throw new MessagingError('connection-lost', `RabbitMQ is not connected (${down.trouble}).`);
      }
      await publisher.ping(PING_TIMEOUT_MS);
    },
    close: () => (closing ??= close()),
  };
  if (tracing === undefined) return messaging;
  const { hostname, port, protocol } = new URL(url);
  return traceMessaging(messaging, tracing, {
    'messaging.system': 'rabbitmq',
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'amqps:' ? 5671 : 5672)),
  });
}

/** amqplib reads the interval from the address; one that is given there stays. */
function withHeartbeat(url: string): string {
  // The address is not in the error: it holds the password.
  if (!/^amqps?:/.test(url) || !URL.canParse(url)) {
    throw new MessagingError(
      'invalid-argument',
      'The address of RabbitMQ is no URL; expected amqp://user:password@host:5672/vhost.',
    );
  }
  const address = new URL(url);
  if (!address.searchParams.has('heartbeat')) {
    address.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  }
  return address.href;
}

function withoutPassword(url: string): string {
  const address = new URL(url);
  if (address.password !== '') address.password = '***';
  return address.href;
}
