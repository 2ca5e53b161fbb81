import type { ConsumeMessage, Queue } from 'smqp';
import type { Handling } from '../handle.ts';
import { countHandled, handle } from '../handle.ts';
import type { EncodedMessage } from '../message.ts';
import { RunningHandlers } from '../running-handlers.ts';
import type { Consumer, Delivery } from '../types.ts';
import type { Publication } from './publication.ts';

/** What lies in an in-process queue. */
export interface Entry {
  readonly message: EncodedMessage;
  readonly attempt: number;
  /** Missing after a redrive, whose publisher has had its answer long ago. */
  readonly publication: Publication | undefined;
}

export interface InProcessConsumerOptions extends Handling {
  readonly from: Queue;
  readonly prefetch: number;
  readonly drainTimeoutMs: number;
  retryLater(entry: Entry, delayMs: number): void;
  giveUp(entry: Entry, reason: string): void;
}

/** Takes entries off a queue, `prefetch` at once, and settles each as its handler ends. */
export function createInProcessConsumer(options: InProcessConsumerOptions): Consumer {
  const { from, prefetch, drainTimeoutMs, retryLater, giveUp, log, metrics, queue } = options;
  const running = new RunningHandlers();

  async function take(message: ConsumeMessage): Promise<void> {
    const entry = message.content as Entry;
    if (message.fields.redelivered) metrics?.redelivered(queue.name);
    const handled = await handle(
      options,
      deliveryOf(entry, running.overtime),
      entry.message.publishedAt,
    );
    const { outcome } = handled;
    if (outcome.kind === 'abandoned') return message.nack(false, true);
    if (outcome.kind === 'done') entry.publication?.committed();
    else if (outcome.kind === 'retry') retryLater(entry, outcome.delayMs);
    else giveUp(entry, outcome.reason);
    countHandled(metrics, queue.name, handled);
    message.ack();
  }

  const consumer = from.consume(
    (_routingKey, message) => {
      // The handler starts after publish() has returned to its caller, as it would with a broker.
      running.add(Promise.resolve().then(() => take(message)));
    },
    { prefetch },
  ) as { readonly consumerTag: string };

  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    from.cancel(consumer.consumerTag, { keepPending: true });
    const left = await running.drain(drainTimeoutMs);
    if (left > 0) log.warn({ queue: queue.name, left }, 'Handlers left running after the drain');
  }
  return { stop: () => (stopped ??= stop()) };
}

function deliveryOf({ message, attempt }: Entry, signal: AbortSignal): Delivery {
  const { id, routingKey, headers, occurredAt, content } = message;
  // Parsed anew for each delivery: consumers share nothing, as if it had come over a wire.
  const body: unknown = JSON.parse(content.toString());
  return { id, routingKey, body, headers: { ...headers }, occurredAt, attempt, signal };
}
