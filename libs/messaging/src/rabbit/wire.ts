import type { Message, MessagePropertyHeaders, Options } from 'amqplib';
import { type EncodedMessage, isReservedHeader } from '../message.ts';
import { deadLetterQueueOf, retryQueueOf } from '../topology.ts';
import type { WireMessage } from './publisher.ts';

/** The platform's own headers; all texts but the two counts. */
export const HEADER = {
  occurredAt: 'wt-occurred-at',
  publishedAt: 'wt-published-at',
  /** The number of this attempt; missing on the first. */
  attempt: 'wt-attempt',
  /** Where the message was first published, which later hops overwrite in its AMQP fields. */
  exchange: 'wt-exchange',
  routingKey: 'wt-routing-key',
  /** Only on dead letters, like those below. */
  queue: 'wt-queue',
  reason: 'wt-reason',
  attempts: 'wt-attempts',
  failedAt: 'wt-failed-at',
} as const;

/** A message read from a queue. */
export interface Incoming {
  readonly id: string;
  readonly exchange: string;
  readonly routingKey: string;
  /** The parsed JSON; the text when it is none. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly occurredAt: Date;
  readonly publishedAt: Date;
  readonly attempt: number;
  /** Why no handler can be given this message; missing when it is well formed. */
  readonly malformed?: string;
}

export function toWire(message: EncodedMessage, service: string): WireMessage {
  const { id, exchange, routingKey, content, headers, occurredAt, publishedAt, mandatory } =
    message;
  return {
    exchange,
    routingKey,
    content,
    properties: {
      messageId: id,
      appId: service,
      persistent: true,
      mandatory,
      contentType: 'application/json',
      // AMQP counts in seconds; the headers have the milliseconds.
      timestamp: Math.floor(occurredAt.getTime() / 1000),
      headers: {
        ...headers,
        [HEADER.occurredAt]: occurredAt.toISOString(),
        [HEADER.publishedAt]: publishedAt.toISOString(),
      },
    },
  };
}

export function fromWire({ content, fields, properties }: Message): Incoming {
  const headers = properties.headers ?? {};
  const { body, malformed } = parse(content);
  const id: unknown = properties.messageId;
  const sent = typeof properties.timestamp === 'number' ? properties.timestamp * 1000 : Date.now();
  const attempt: unknown = headers[HEADER.attempt];
  const why = malformed ?? (typeof id === 'string' && id !== '' ? undefined : 'it has no id');
  return {
    id: typeof id === 'string' ? id : '',
    exchange: textOf(headers[HEADER.exchange]) ?? fields.exchange,
    routingKey: textOf(headers[HEADER.routingKey]) ?? fields.routingKey,
    body,
    headers: visibleHeaders(headers),
    occurredAt: dateOf(headers[HEADER.occurredAt], sent),
    publishedAt: dateOf(headers[HEADER.publishedAt], sent),
    attempt: typeof attempt === 'number' && Number.isInteger(attempt) && attempt > 1 ? attempt : 1,
    ...(why === undefined ? {} : { malformed: `Malformed message: ${why}.` }),
  };
}

/** The same message on its way to the queue where it waits `delayMs` for its next attempt. */
export function toRetry(
  message: Message,
  incoming: Incoming,
  queue: string,
  delayMs: number,
): WireMessage {
  return onward(message, retryQueueOf(queue, delayMs), {
    ...originHeaders(incoming),
    [HEADER.attempt]: incoming.attempt + 1,
  });
}

/** The same message on its way to the dead letter queue, with what became of it. */
export function toDeadLetter(
  message: Message,
  incoming: Incoming,
  queue: string,
  reason: string,
): WireMessage {
  return onward(message, deadLetterQueueOf(queue), {
    ...originHeaders(incoming),
    [HEADER.queue]: queue,
    [HEADER.reason]: reason,
    [HEADER.attempts]: incoming.malformed === undefined ? incoming.attempt : incoming.attempt - 1,
    [HEADER.failedAt]: new Date().toISOString(),
  });
}

/** A dead letter on its way back to its queue, as if it had been published now. */
export function toRedriven(message: Message, incoming: Incoming, queue: string): WireMessage {
  return onward(message, queue, {
    ...originHeaders(incoming),
    [HEADER.publishedAt]: new Date().toISOString(),
  });
}

/** Keeps content, id and foreign headers byte for byte; the platform's headers are those given. */
function onward(message: Message, queue: string, own: MessagePropertyHeaders): WireMessage {
  const { messageId, appId, contentType, timestamp, headers = {} } = message.properties;
  const foreign = Object.entries(headers).filter(([name]) => !isReservedHeader(name));
  const properties: Options.Publish = {
    messageId,
    appId,
    contentType,
    timestamp,
    persistent: true,
    // A message without a place to go to must not be acknowledged here.
    mandatory: true,
    headers: { ...Object.fromEntries(foreign), ...own },
  };
  return { exchange: '', routingKey: queue, content: message.content, properties };
}

function originHeaders(incoming: Incoming): Record<string, string> {
  return {
    [HEADER.exchange]: incoming.exchange,
    [HEADER.routingKey]: incoming.routingKey,
    [HEADER.occurredAt]: incoming.occurredAt.toISOString(),
    [HEADER.publishedAt]: incoming.publishedAt.toISOString(),
  };
}

function parse(content: Buffer): { readonly body: unknown; readonly malformed?: string } {
  const text = content.toString();
  try {
    return { body: JSON.parse(text) as unknown };
  } catch {
    return { body: text, malformed: 'its content is not JSON' };
  }
}

function visibleHeaders(headers: MessagePropertyHeaders): Record<string, string> {
  const visible: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && !isReservedHeader(name)) visible[name] = value;
  }
  return visible;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function dateOf(value: unknown, otherwiseMs: number): Date {
  const date = typeof value === 'string' ? new Date(value) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? new Date(otherwiseMs) : date;
}
