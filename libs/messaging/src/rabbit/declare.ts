import type { Channel, ChannelModel, Options } from 'amqplib';
import { MessagingError } from '../errors.ts';
import { type KnownTopology, deadLetterQueueOf, retryQueueOf } from '../topology.ts';
import type { QueueDeclaration } from '../types.ts';
import { closeQuietly } from './waiting.ts';

const PRECONDITION_FAILED = 406;

/**
 * How often the broker may deliver a message whose consumer dies over it. 20 is what RabbitMQ 4 does
 * by itself, and then drops the message unless it has somewhere to go; said here so that the number
 * and the dead letter queue stand together. A handler that throws is not counted: that is what the
 * retry delays are for.
 */
export const DEFAULT_DELIVERY_LIMIT = 20;

/**
 * Declares exchanges, work queues, and for each work queue its dead letter queue and one delay queue
 * per retry delay. All queues are quorum queues. Declaring what exists already changes nothing.
 *
 * @throws MessagingError `topology-mismatch` when the broker has the name with other properties
 */
export async function declareTopology(
  model: ChannelModel,
  topology: KnownTopology,
  deliveryLimit: number,
): Promise<void> {
  // A channel of its own: the broker closes it when it refuses a declaration.
  const channel = await model.createChannel();
  channel.on('error', () => {});
  try {
    for (const { name, type } of topology.exchanges.values()) {
      await channel.assertExchange(name, type, { durable: true });
    }
    for (const queue of topology.queues.values()) await declareQueue(channel, queue, deliveryLimit);
  } catch (error) {
    throw explain(error);
  } finally {
    await closeQuietly(channel);
  }
}

async function declareQueue(channel: Channel, queue: QueueDeclaration, deliveryLimit: number) {
  const { name, bindings, retryDelaysMs } = queue;
  // Looking at a dead letter gives it back to its queue, which must never use up a limit.
  await channel.assertQueue(deadLetterQueueOf(name), quorum({ 'x-delivery-limit': -1 }));
  await channel.assertQueue(
    name,
    quorum({ 'x-delivery-limit': deliveryLimit, ...deadLetterTo(deadLetterQueueOf(name)) }),
  );
  for (const delayMs of retryDelaysMs) {
    await channel.assertQueue(
      retryQueueOf(name, delayMs),
      quorum({ 'x-message-ttl': delayMs, ...deadLetterTo(name) }),
    );
  }
  for (const { exchange, routingKey } of bindings) {
    await channel.bindQueue(name, exchange, routingKey);
  }
}

function quorum(args: Record<string, string | number>): Options.AssertQueue {
  return { durable: true, arguments: { 'x-queue-type': 'quorum', ...args } };
}

/**
 * The broker's own dead-lettering, through the default exchange. At least once needs
 * `reject-publish`: without it RabbitMQ falls back to at most once, and a message may vanish between
 * two queues. https://www.rabbitmq.com/docs/quorum-queues#activating-at-least-once-dead-lettering
 */
function deadLetterTo(queue: string): Record<string, string> {
  return {
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': queue,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
}

function explain(error: unknown): unknown {
  if (!(error instanceof Error) || codeOf(error) !== PRECONDITION_FAILED) return error;
  return new MessagingError(
    'topology-mismatch',
    `The broker has an exchange or queue of this name with other properties (${error.message}); ` +
      'empty and delete it there, or declare it under another name.',
    { cause: error },
  );
}

/** The AMQP reply code that amqplib puts on an error, if it has one. */
export function codeOf(error: unknown): number | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}
