import type { Logger } from '@woodytoys/service';
import type { EncodedMessage } from '../message.ts';
import type { DeadLetter } from '../types.ts';

export interface KeptDeadLetter {
  readonly message: EncodedMessage;
  readonly letter: DeadLetter;
}

/**
 * The dead letters of an in-process broker, oldest first. They are memory and bounded: the lasting
 * record is the publisher's outbox row, which its relay keeps as dead.
 */
export class InProcessDeadLetters {
  readonly #byQueue = new Map<string, KeptDeadLetter[]>();
  readonly #maxPerQueue: number;
  readonly #log: Logger;

  constructor(maxPerQueue: number, log: Logger) {
    this.#maxPerQueue = maxPerQueue;
    this.#log = log;
  }

  add(queue: string, message: EncodedMessage, reason: string, attempts: number): void {
    const { id, exchange, routingKey, content } = message;
    const body: unknown = JSON.parse(content.toString());
    const failedAt = new Date();
    const kept = this.#byQueue.get(queue) ?? [];
    kept.push({
      message,
      letter: { id, queue, exchange, routingKey, body, reason, attempts, failedAt },
    });
    this.#byQueue.set(queue, kept);
    if (kept.length <= this.#maxPerQueue) return;
    const dropped = kept.shift();
    this.#log.error(
      { queue, messageId: dropped?.letter.id, limit: this.#maxPerQueue },
      'Too many dead letters in memory; the oldest is dropped, its outbox row stays',
    );
  }

  list(queue: string, limit: number): DeadLetter[] {
    return (this.#byQueue.get(queue) ?? []).slice(0, limit).map(({ letter }) => letter);
  }

  count(queue: string): number {
    return this.#byQueue.get(queue)?.length ?? 0;
  }

  /** Removes and returns the oldest. */
  take(queue: string, limit: number): KeptDeadLetter[] {
    return this.#byQueue.get(queue)?.splice(0, limit) ?? [];
  }
}
