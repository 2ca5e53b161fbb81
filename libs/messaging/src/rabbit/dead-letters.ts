import type { Channel, ChannelModel, GetMessage } from 'amqplib';
import { MessagingError } from '../errors.ts';
import { deadLetterQueueOf } from '../topology.ts';
import type { DeadLetter } from '../types.ts';
import { codeOf } from './declare.ts';
import type { Publisher } from './publisher.ts';
import { closeQuietly } from './waiting.ts';
import { HEADER, dateOf, fromWire, textOf, toRedriven } from './wire.ts';

const NOT_FOUND = 404;

/** Reads up to `limit` dead letters, and gives each back to where it was. */
export async function readDeadLetters(
  model: ChannelModel,
  queue: string,
  limit: number,
): Promise<DeadLetter[]> {
  return onDeadLetterQueue(model, queue, async (channel) => {
    const messages: GetMessage[] = [];
    while (messages.length < limit) {
      const message = await channel.get(deadLetterQueueOf(queue));
      if (!message) break;
      messages.push(message);
    }
    // In the order in which they came: that is the order in which the broker takes them back.
    for (const message of messages) channel.nack(message, false, true);
    return messages.map((message) => toLetter(message, queue));
  });
}

/** Publishes up to `limit` dead letters to their queue; each leaves when its copy is confirmed. */
export async function redriveDeadLetters(
  model: ChannelModel,
  publisher: Publisher,
  queue: string,
  limit: number,
): Promise<number> {
  return onDeadLetterQueue(model, queue, async (channel) => {
    const moved = new Set<string>();
    while (moved.size < limit) {
      const message = await channel.get(deadLetterQueueOf(queue));
      if (!message) break;
      const incoming = fromLetter(message);
      const identity = incoming.id || message.content.toString('base64');
      // It has failed again meanwhile, and is not to go round and round. (The broker's count of
      // messages would not do: it lags behind what has just been given back.)
      if (moved.has(identity)) {
        channel.nack(message, false, true);
        break;
      }
      try {
        await publisher.publish(toRedriven(message, incoming, queue));
      } catch (error) {
        channel.nack(message, false, true);
        throw error;
      }
      channel.ack(message);
      moved.add(identity);
    }
    return moved.size;
  });
}

async function onDeadLetterQueue<T>(
  model: ChannelModel,
  queue: string,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await model.createChannel();
  channel.on('error', () => {});
  try {
    return await work(channel);
  } catch (error) {
    if (codeOf(error) !== NOT_FOUND) throw error;
    throw new MessagingError(
      'unknown-queue',
      `The broker has no dead letters of a queue "${queue}"; declare the queue, or mend its name.`,
      { cause: error },
    );
  } finally {
    // Closing waits for the broker to have taken the acknowledgements.
    await closeQuietly(channel);
  }
}

/** The origin of a dead letter, which the broker's own headers tell when it moved the message. */
function fromLetter(message: GetMessage) {
  const incoming = fromWire(message);
  const death = message.properties.headers?.['x-death']?.[0];
  const headers = message.properties.headers ?? {};
  return {
    ...incoming,
    exchange: textOf(headers[HEADER.exchange]) ?? death?.exchange ?? incoming.exchange,
    routingKey:
      textOf(headers[HEADER.routingKey]) ?? death?.['routing-keys'][0] ?? incoming.routingKey,
  };
}

function toLetter(message: GetMessage, queue: string): DeadLetter {
  const { id, exchange, routingKey, body, attempt } = fromLetter(message);
  const headers = message.properties.headers ?? {};
  const death = headers['x-death']?.[0];
  const deliveries: unknown = headers['x-delivery-count'];
  const attempts: unknown = headers[HEADER.attempts];
  const diedMs = (death?.time.value ?? 0) * 1000;
  return {
    id,
    queue,
    exchange,
    routingKey,
    body,
    reason: textOf(headers[HEADER.reason]) ?? brokersReason(death?.reason),
    attempts:
      typeof attempts === 'number'
        ? attempts
        : attempt - 1 + (typeof deliveries === 'number' ? deliveries : 1),
    failedAt: dateOf(headers[HEADER.failedAt], diedMs),
  };
}

function brokersReason(reason: string | undefined): string {
  if (reason === undefined) return 'Unknown: something else published to the dead letter queue.';
  return (reason as string) === 'delivery_limit'
    ? 'Its consumers died or lost the broker over it again and again (delivery_limit).'
    : `The broker moved it (${reason}).`;
}
