import { MessagingError } from '../errors.ts';

/** One `publish()` in process: open until each queue that took the message is done with it. */
export class Publication {
  readonly #messageId: string;
  readonly #reasons: string[] = [];
  readonly #outcome = Promise.withResolvers<void>();
  #open: number;

  /** @param queues how many queues took the message; at least 1 */
  constructor(messageId: string, queues: number) {
    this.#messageId = messageId;
    this.#open = queues;
  }

  get settled(): Promise<void> {
    return this.#outcome.promise;
  }

  /** A consumer of one queue has committed. */
  committed(): void {
    this.#oneDone();
  }

  /** One queue has no attempts left. */
  givenUp(queue: string, reason: string): void {
    this.#reasons.push(`${queue}: ${reason}`);
    this.#oneDone();
  }

  fail(error: MessagingError): void {
    this.#outcome.reject(error);
  }

  #oneDone(): void {
    this.#open -= 1;
    // Only once all queues are done: a publisher that hears of one dead letter too early would count
    // the message as finished while another consumer may still need it to come again.
    if (this.#open > 0) return;
    if (this.#reasons.length === 0) return this.#outcome.resolve();
    const reason = this.#reasons.join('; ');
    this.#outcome.reject(
      new MessagingError(
        'dead-lettered',
        `Message ${this.#messageId} was given up (${reason}); fix the cause, then redrive it.`,
        { reason },
      ),
    );
  }
}
