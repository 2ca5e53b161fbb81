import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfirmChannel, Options } from 'amqplib';
import { MessagingError } from '../errors.ts';
import type { Link } from './link.ts';
import { Slots } from './slots.ts';
import { withTimeout } from './waiting.ts';

/** A message as it goes over the wire. */
export interface WireMessage {
  /** Empty for the default exchange, whose routing keys are the names of queues. */
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: Options.Publish;
}

export interface PublisherOptions {
  readonly timeoutMs: number;
  /** Messages sent and not yet confirmed. */
  readonly maxOutstanding: number;
}

interface Outstanding {
  returned: boolean;
}

/** Publishes on the confirm channel of one link, and resolves when the broker has the message. */
export class Publisher {
  readonly #link: Link;
  readonly #timeoutMs: number;
  readonly #slots: Slots;
  readonly #outstanding = new Map<string, Set<Outstanding>>();
  #channel: ConfirmChannel | undefined;
  #drained: Promise<void> | undefined;

  constructor(link: Link, { timeoutMs, maxOutstanding }: PublisherOptions) {
    this.#link = link;
    this.#timeoutMs = timeoutMs;
    this.#slots = new Slots(maxOutstanding);
  }

  /** Takes over the channel of a new connection. */
  attach(channel: ConfirmChannel): void {
    this.#channel = channel;
    this.#drained = undefined;
    let cause: Error | undefined;
    channel.on('error', (error) => (cause = error));
    channel.on('close', () => {
      if (this.#channel !== channel) return;
      this.#channel = undefined;
      // The broker closes a channel for what is wrong with the topology (an exchange was deleted), so
      // everything is set up anew, which also declares it again.
      this.#link.restart(cause ?? new Error('The publishing channel was closed.'));
    });
    channel.on('return', ({ fields, properties }) => {
      const key = keyOf(fields.exchange, fields.routingKey, properties.messageId);
      for (const message of this.#outstanding.get(key) ?? []) message.returned = true;
    });
  }

  /**
   * @throws MessagingError `unroutable`, `rejected`, `timeout`, `overloaded`, `connection-lost`,
   *   `closed`, or `invalid-message` for what AMQP cannot encode
   */
  async publish(message: WireMessage, timeoutMs = this.#timeoutMs): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    const left = () => Math.max(0, deadline - performance.now());
    const leave = await this.#slots.take(timeoutMs);
    let sent: Promise<void>;
    try {
      sent = this.#send(await this.#ready(left), message, leave);
    } catch (error) {
      leave();
      throw error;
    }
    await withTimeout(sent, left(), () => lateError(message, timeoutMs));
  }

  /** Waits for what is on its way, no longer than a publish may take. */
  async drain(): Promise<void> {
    const timeout = sleep(this.#timeoutMs, undefined, { ref: false });
    await Promise.race([this.#slots.idle(), timeout]);
  }

  /** @throws MessagingError when the broker does not answer within `timeoutMs` */
  async ping(timeoutMs: number): Promise<void> {
    const channel = this.#channel;
    if (!channel) throw this.#lostError();
    // A passive declaration needs no permission, and every virtual host has this exchange.
    await withTimeout(
      channel.checkExchange('amq.topic'),
      timeoutMs,
      () => new MessagingError('timeout', `The broker has not answered within ${timeoutMs} ms.`),
    );
  }

  /** The channel, once it is there and takes messages. */
  async #ready(left: () => number): Promise<ConfirmChannel> {
    await this.#link.model(left());
    if (this.#drained) {
      await withTimeout(
        this.#drained,
        left(),
        () => new MessagingError('overloaded', 'The broker takes no messages; try again later.'),
      );
    }
    if (!this.#channel) throw this.#lostError();
    return this.#channel;
  }

  /**
   * Sends, and resolves when the broker confirms. `leave` is called only then or when the channel is
   * gone, and not when the caller stops waiting: what is in the buffer cannot be called back, so it
   * goes on counting against the bound.
   */
  #send(channel: ConfirmChannel, message: WireMessage, leave: () => void): Promise<void> {
    const { exchange, routingKey, content, properties } = message;
    const confirmed = Promise.withResolvers<void>();
    const entry: Outstanding = { returned: false };
    const forget = this.#remember(message, entry);
    try {
      const room = channel.publish(exchange, routingKey, content, properties, (error?: Error) => {
        leave();
        forget();
        if (error) confirmed.reject(confirmError(message, error));
        else if (entry.returned) confirmed.reject(unroutableError(message));
        else confirmed.resolve();
      });
      if (!room) this.#drained ??= this.#whenDrained(channel);
    } catch (cause) {
      forget();
      throw this.#channel === channel
        ? new MessagingError('invalid-message', `${nameOf(message)} cannot be encoded.`, { cause })
        : this.#lostError();
    }
    // The caller may have stopped waiting by the time this is rejected.
    confirmed.promise.catch(() => {});
    return confirmed.promise;
  }

  #remember({ exchange, routingKey, properties }: WireMessage, entry: Outstanding): () => void {
    const key = keyOf(exchange, routingKey, properties.messageId);
    const same = this.#outstanding.get(key) ?? new Set();
    this.#outstanding.set(key, same.add(entry));
    return () => {
      same.delete(entry);
      if (same.size === 0 && this.#outstanding.get(key) === same) this.#outstanding.delete(key);
    };
  }

  async #whenDrained(channel: ConfirmChannel): Promise<void> {
    await new Promise<void>((resolve) => {
      channel.once('drain', resolve);
      channel.once('close', resolve);
    });
    if (this.#channel === channel) this.#drained = undefined;
  }

  #lostError(): MessagingError {
    return new MessagingError(
      'connection-lost',
      `The connection to the broker is down (${this.#link.trouble}); try again later.`,
    );
  }
}

function keyOf(exchange: string, routingKey: string, id: unknown): string {
  return JSON.stringify([exchange, routingKey, id ?? null]);
}

function nameOf({ exchange, routingKey, properties }: WireMessage): string {
  return `Message ${properties.messageId ?? '(no id)'} to "${exchange}" with the routing key "${routingKey}"`;
}

function lateError(message: WireMessage, timeoutMs: number): MessagingError {
  return new MessagingError(
    'timeout',
    `${nameOf(message)} was not confirmed by the broker within ${timeoutMs} ms; ` +
      'it may or may not have arrived, so publish it again with the same id.',
    { mayHaveArrived: true },
  );
}

function unroutableError({ exchange, routingKey, properties }: WireMessage): MessagingError {
  return new MessagingError(
    'unroutable',
    `No queue takes message ${properties.messageId ?? '(no id)'} from the exchange "${exchange}" ` +
      `with the routing key "${routingKey}"; declare a queue bound to it, then publish again.`,
  );
}

function confirmError(message: WireMessage, cause: Error): MessagingError {
  // amqplib gives the two cases no code to tell them apart by.
  return cause.message === 'message nacked'
    ? new MessagingError('rejected', `${nameOf(message)} was refused by the broker.`, { cause })
    : new MessagingError(
        'connection-lost',
        `${nameOf(message)} was not confirmed before the connection was lost; it may or may not ` +
          'have arrived, so publish it again with the same id.',
        { cause, mayHaveArrived: true },
      );
}
