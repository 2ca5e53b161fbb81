import { MessagingError } from './errors.ts';
import type { OutgoingMessage } from './types.ts';

/** AMQP's short strings: routing keys and message ids hold at most 255 bytes. */
const MAX_SHORT_STRING_BYTES = 255;

/**
 * Half of what amqplib can encode in one header table (64 KiB): the rest is for the headers that a
 * dead letter adds.
 */
const MAX_HEADER_BYTES = 32 * 1024;

/** 1 MiB: a broker stays responsive, and a bigger payload belongs in a database or a file. */
export const DEFAULT_MAX_MESSAGE_BYTES = 1024 * 1024;

/** Headers of the platform itself; a caller may not set them and a handler does not see them. */
export const OWN_HEADER_PREFIX = 'wt-';

/** RabbitMQ gives these a meaning: extra recipients, and its own accounts of what happened. */
const BROKER_HEADERS =
  /^(?:cc|bcc|x-death|x-(?:first|last)-death-.*|x-delivery-count|x-acquired-count|x-opt-.*)$/;

/** Whether a header is the platform's or the broker's, and so neither sent nor shown to anyone. */
export function isReservedHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith(OWN_HEADER_PREFIX) || BROKER_HEADERS.test(lower);
}

/** A message checked and serialised: what both brokers carry. */
export interface EncodedMessage {
  readonly id: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly occurredAt: Date;
  readonly publishedAt: Date;
  readonly mandatory: boolean;
}

/**
 * Checks a message and serialises its body as JSON.
 *
 * @param maxMessageBytes the most that the body may take as UTF-8 JSON
 * @throws MessagingError `invalid-message` or `too-large`
 */
export function encodeMessage(message: OutgoingMessage, maxMessageBytes: number): EncodedMessage {
  const { id, exchange, routingKey, headers = {}, occurredAt, mandatory = false } = message;
  checkShortString('id', id, 1);
  checkShortString('exchange', exchange, 1);
  checkShortString('routingKey', routingKey, 0);
  checkHeaders(id, headers);
  const publishedAt = new Date();
  if (occurredAt !== undefined && Number.isNaN(occurredAt.getTime())) {
    throw new MessagingError(
      'invalid-message',
      `Message ${id} has an invalid occurredAt; expected a valid Date or none.`,
    );
  }
  const content = encodeBody(id, message.body);
  if (content.length > maxMessageBytes) {
    throw new MessagingError(
      'too-large',
      `Message ${id} has a body of ${content.length} bytes, ${maxMessageBytes} are allowed; ` +
        'split it, or send a reference to the data.',
    );
  }
  return {
    id,
    exchange,
    routingKey,
    content,
    headers: { ...headers },
    occurredAt: occurredAt ?? publishedAt,
    publishedAt,
    mandatory,
  };
}

function checkShortString(name: string, value: unknown, minLength: number): void {
  if (
    typeof value !== 'string' ||
    value.length < minLength ||
    Buffer.byteLength(value) > MAX_SHORT_STRING_BYTES
  ) {
    throw new MessagingError(
      'invalid-message',
      `A message's ${name} must be a string of ${minLength} to ${MAX_SHORT_STRING_BYTES} bytes.`,
    );
  }
}

function checkHeaders(id: string, headers: Readonly<Record<string, string>>): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (isReservedHeader(name)) {
      throw new MessagingError(
        'invalid-message',
        `Message ${id} sets the header "${name}", which is reserved; rename it.`,
      );
    }
    const nameBytes = Buffer.byteLength(name);
    if (typeof value !== 'string' || nameBytes === 0 || nameBytes > MAX_SHORT_STRING_BYTES) {
      throw new MessagingError(
        'invalid-message',
        `Message ${id} has a bad header "${name}"; expected a name of 1 to ` +
          `${MAX_SHORT_STRING_BYTES} bytes and a string as its value.`,
      );
    }
    bytes += nameBytes + Buffer.byteLength(value);
  }
  if (bytes > MAX_HEADER_BYTES) {
    throw new MessagingError(
      'too-large',
      `Message ${id} has ${bytes} bytes of headers, ${MAX_HEADER_BYTES} are allowed; ` +
        'put the data in the body.',
    );
  }
}

function encodeBody(id: string, body: unknown): Buffer {
  let json: string | undefined;
  try {
    json = JSON.stringify(body);
  } catch (cause) {
    throw new MessagingError('invalid-message', `The body of message ${id} is not JSON.`, {
      cause,
    });
  }
  if (json === undefined) {
    throw new MessagingError(
      'invalid-message',
      `Message ${id} has no body that JSON can carry; send null if it needs none.`,
    );
  }
  return Buffer.from(json);
}
