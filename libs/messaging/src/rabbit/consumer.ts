import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ConsumeMessage } from 'amqplib';
import { MessagingError, reasonOf } from '../errors.ts';
import { type Handled, type Handling, countHandled, handle } from '../handle.ts';
import { RunningHandlers } from '../running-handlers.ts';
import { Acknowledger } from './acknowledger.ts';
import { backoffMs } from './backoff.ts';
import { codeOf } from './declare.ts';
import type { Link } from './link.ts';
import type { Publisher, WireMessage } from './publisher.ts';
import { closeQuietly, unlessAborted, withTimeout } from './waiting.ts';
import { type Incoming, fromWire, toDeadLetter, toRetry } from './wire.ts';

const NOT_FOUND = 404;

/** How long the broker may take to answer a cancellation before it is given up. */
const CANCEL_TIMEOUT_MS = 2_000;

export interface RabbitConsumerOptions extends Handling {
  readonly link: Link;
  readonly publisher: Publisher;
  readonly prefetch: number;
  readonly drainTimeoutMs: number;
  /** Declares the topology again, after the broker has lost a queue. */
  redeclare(): Promise<void>;
}

/** One subscription: it lives as long as its channel. */
interface Session {
  readonly channel: Channel;
  readonly consumerTag: string;
  /** Resolves when the subscription is over. */
  readonly ended: Promise<Error>;
  /** Gives it up, although the broker has not answered. */
  end(reason: Error): void;
}

/** Consumes one queue, and subscribes again whenever the channel or the connection is lost. */
export class RabbitConsumer {
  readonly #options: RabbitConsumerOptions;
  readonly #running = new RunningHandlers();
  readonly #stopping = new AbortController();
  readonly #subscribed = Promise.withResolvers<void>();
  readonly #loop: Promise<void>;
  #session: Session | undefined;
  #lastError: unknown;

  constructor(options: RabbitConsumerOptions) {
    this.#options = options;
    this.#subscribed.promise.catch(() => {});
    this.#loop = this.#run();
  }

  /** @throws MessagingError `connection-lost` when the first subscription takes too long */
  async subscribed(timeoutMs: number): Promise<void> {
    const { queue, link } = this.#options;
    await withTimeout(
      this.#subscribed.promise,
      timeoutMs,
      () =>
        new MessagingError(
          'connection-lost',
          `Queue "${queue.name}" could not be consumed within ${timeoutMs} ms ` +
            `(${this.#lastError === undefined ? link.trouble : reasonOf(this.#lastError)}).`,
        ),
    );
  }

  async stop(): Promise<void> {
    const { queue, drainTimeoutMs, log } = this.#options;
    this.#stopping.abort();
    const session = this.#session;
    if (session) {
      const { channel, consumerTag } = session;
      await withTimeout(
        channel.cancel(consumerTag),
        CANCEL_TIMEOUT_MS,
        () => new Error('No answer'),
      )
        // The channel is gone or will be: either way nothing more comes.
        .catch((error: unknown) => log.debug({ err: error, queue: queue.name }, 'Not cancelled'));
    }
    const left = await this.#running.drain(drainTimeoutMs);
    if (left > 0) log.warn({ queue: queue.name, left }, 'Handlers left running after the drain');
    // Closing waits for the broker to have taken the acknowledgements, and gives back the rest.
    if (session) await closeQuietly(session.channel);
    session?.end(new Error('The consumer was stopped.'));
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { queue, log, redeclare } = this.#options;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted;) {
      try {
        // A frozen broker answers nothing, and stop() is not to wait for it.
        this.#session = await unlessAborted(this.#subscribe(), signal);
        if (signal.aborted) await closeQuietly(this.#session.channel);
        failures = 0;
        this.#subscribed.resolve();
        this.#lastError = await this.#session.ended;
      } catch (error) {
        this.#lastError = error;
      }
      this.#session = undefined;
      if (signal.aborted) return;
      if (codeOf(this.#lastError) === NOT_FOUND) {
        await unlessAborted(redeclare(), signal).catch((err: unknown) =>
          log.error({ err, queue: queue.name }, 'Topology not declared'),
        );
      }
      failures += 1;
      const delayMs = backoffMs(failures);
      log.warn({ err: this.#lastError, queue: queue.name, delayMs }, 'Not consuming; trying again');
      await sleep(delayMs, undefined, { signal }).catch(() => {});
    }
  }

  async #subscribe(): Promise<Session> {
    const { link, prefetch, queue } = this.#options;
    const model = await link.model(30_000);
    const channel = await model.createChannel();
    const ended = Promise.withResolvers<Error>();
    const lost = new AbortController();
    let cause: Error | undefined;
    channel.on('error', (error) => (cause = error));
    channel.on('close', () => {
      const error = cause ?? new Error('The channel was closed with its connection.');
      lost.abort(error);
      ended.resolve(error);
    });
    const signal = AbortSignal.any([lost.signal, this.#running.overtime]);
    await channel.prefetch(prefetch);
    const acknowledger = new Acknowledger(channel);
    const { consumerTag } = await channel.consume(queue.name, (message) => {
      if (message) return this.#take(acknowledger, signal, message);
      // The broker cancels when the queue is deleted, which counts as not found.
      cause = Object.assign(new Error('The broker ended the subscription.'), { code: NOT_FOUND });
      void closeQuietly(channel);
    });
    // Too late: nobody waits for this subscription any more.
    if (this.#stopping.signal.aborted) await closeQuietly(channel);
    return { channel, consumerTag, ended: ended.promise, end: ended.resolve };
  }

  #take(acknowledger: Acknowledger, signal: AbortSignal, message: ConsumeMessage): void {
    acknowledger.delivered(message);
    // Already on its way when the cancellation was sent.
    if (this.#stopping.signal.aborted) {
      this.#running.add(this.#giveBack(acknowledger, message));
    } else {
      this.#running.add(this.#process(acknowledger, signal, message));
    }
  }

  async #process(
    acknowledger: Acknowledger,
    signal: AbortSignal,
    message: ConsumeMessage,
  ): Promise<void> {
    const { queue, metrics } = this.#options;
    if (message.fields.redelivered) metrics?.redelivered(queue.name);
    const incoming = fromWire(message);
    const handled = await this.#handle(incoming, signal);
    const { outcome } = handled;
    if (outcome.kind === 'abandoned') return this.#giveBack(acknowledger, message);
    if (outcome.kind !== 'done') {
      const onward =
        outcome.kind === 'retry'
          ? toRetry(message, incoming, queue.name, outcome.delayMs)
          : toDeadLetter(message, incoming, queue.name, outcome.reason);
      if (!(await this.#handOver(onward, signal))) return this.#giveBack(acknowledger, message);
    }
    if (await this.#settle(() => acknowledger.ack(message))) {
      countHandled(metrics, queue.name, handled);
    }
  }

  async #handle(incoming: Incoming, signal: AbortSignal): Promise<Handled> {
    const { malformed, publishedAt, ...delivery } = incoming;
    if (malformed === undefined) {
      return handle(this.#options, { ...delivery, signal }, publishedAt);
    }
    this.#options.log.error(
      { queue: this.#options.queue.name, messageId: incoming.id, reason: malformed },
      'Message given up',
    );
    return { outcome: { kind: 'dead-letter', reason: malformed }, durationSeconds: 0 };
  }

  /**
   * Publishes a message to its next queue, trying on while this process still holds it; only then may
   * it be acknowledged. False when it is no longer ours to hand over.
   */
  async #handOver(message: WireMessage, signal: AbortSignal): Promise<boolean> {
    const { publisher, log, redeclare } = this.#options;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        await publisher.publish(message);
        return true;
      } catch (error) {
        log.error({ err: error, to: message.routingKey, failures }, 'Message not handed over yet');
        // Somebody has deleted the queue that it is to go to.
        if (error instanceof MessagingError && error.code === 'unroutable') {
          await redeclare().catch((err: unknown) => log.error({ err }, 'Topology not declared'));
        }
        await sleep(backoffMs(failures), undefined, { signal }).catch(() => {});
      }
    }
    return false;
  }

  async #giveBack(acknowledger: Acknowledger, message: ConsumeMessage): Promise<void> {
    await this.#settle(() => acknowledger.giveBack(message));
  }

  /** False when the channel is gone: then the broker has taken the message back already. */
  async #settle(answer: () => void | Promise<void>): Promise<boolean> {
    try {
      await answer();
      return true;
    } catch (error) {
      this.#options.log.debug(
        { err: error, queue: this.#options.queue.name },
        'Message comes again: its channel was lost before it was acknowledged',
      );
      return false;
    }
  }
}
