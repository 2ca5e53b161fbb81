import type { Channel, ConsumeMessage } from 'amqplib';

interface Waiting {
  readonly message: ConsumeMessage;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Settles the messages of one channel. Those that are done in the same turn of the event loop go in
 * one frame as far as none before them is still being worked on: a batch of a hundred costs the
 * broker one acknowledgement instead of a hundred.
 */
export class Acknowledger {
  readonly #channel: Channel;
  /** Delivery tags that are not settled, in their order. */
  readonly #open = new Set<number>();
  /** By delivery tag. */
  #done = new Map<number, Waiting>();

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Every message of the channel comes here first. */
  delivered({ fields }: ConsumeMessage): void {
    this.#open.add(fields.deliveryTag);
  }

  /** Resolves when the acknowledgement has been sent; rejects when the channel is gone. */
  ack(message: ConsumeMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#done.size === 0) setImmediate(() => this.#flush());
      this.#done.set(message.fields.deliveryTag, { message, resolve, reject });
    });
  }

  /** The broker delivers it again. Throws when the channel is gone. */
  giveBack(message: ConsumeMessage): void {
    this.#open.delete(message.fields.deliveryTag);
    this.#channel.nack(message, false, true);
  }

  #flush(): void {
    const done = this.#done;
    this.#done = new Map();
    const first = this.#doneFromTheFirst(done);
    this.#send(first, true);
    for (const waiting of done.values()) {
      this.#open.delete(waiting.message.fields.deliveryTag);
      this.#send([waiting], false);
    }
  }

  /** Takes out those of `done` before which nothing is open. */
  #doneFromTheFirst(done: Map<number, Waiting>): readonly Waiting[] {
    const first: Waiting[] = [];
    for (const tag of this.#open) {
      const waiting = done.get(tag);
      if (waiting === undefined) break;
      first.push(waiting);
      this.#open.delete(tag);
      done.delete(tag);
    }
    return first;
  }

  #send(settled: readonly Waiting[], andAllBefore: boolean): void {
    const last = settled.at(-1);
    if (last === undefined) return;
    try {
      this.#channel.ack(last.message, andAllBefore);
      for (const { resolve } of settled) resolve();
    } catch (error) {
      for (const { reject } of settled) reject(error);
    }
  }
}
