/**
 * Words used here, as in AMQP.
 *
 * - exchange, queue, binding, routing key, prefetch: as RabbitMQ has them.
 * - work queue: a queue whose messages are each handled by one of its consumers.
 * - attempt: one run of a handler for a message; the first is 1.
 * - dead letter: a message that was given up, kept with the reason and where it came from.
 */

export interface OutgoingMessage {
  /** UUIDv7; a repeated publish keeps it. */
  readonly id: string;
  readonly exchange: string;
  readonly routingKey: string;
  /** Anything JSON can carry. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Fail when no queue takes it; default false. */
  readonly mandatory?: boolean;
  readonly occurredAt?: Date;
}

/** What a handler gets. */
export interface Delivery<Body = unknown> {
  readonly id: string;
  readonly routingKey: string;
  readonly body: Body;
  readonly headers: Readonly<Record<string, string>>;
  readonly occurredAt: Date;
  readonly attempt: number;
  /** Aborted when the process drains past its time or the broker took the message back. */
  readonly signal: AbortSignal;
}

/**
 * Handles one message. Resolving acknowledges it. Throwing tries it again after the queue's next
 * delay, and dead-letters it when none is left or the error says `retryable: false`. A message may
 * come twice, so the effect is made idempotent (the database library's inbox).
 */
export type Handler<Body = unknown> = (delivery: Delivery<Body>) => Promise<void>;

export interface ExchangeDeclaration {
  readonly name: string;
  readonly type: 'topic' | 'direct' | 'fanout';
}

export interface QueueDeclaration {
  readonly name: string;
  readonly bindings: readonly { readonly exchange: string; readonly routingKey: string }[];
  /** The pauses before attempts 2, 3, … in milliseconds, growing. Its length + 1 is the number of attempts. */
  readonly retryDelaysMs: readonly number[];
}

/** Declared by each process at its start; declaring the same twice is harmless. */
export interface Topology {
  readonly exchanges: readonly ExchangeDeclaration[];
  readonly queues: readonly QueueDeclaration[];
}

export interface ConsumeOptions {
  /** How many messages are handled at once; always set. */
  readonly prefetch: number;
}

export interface Consumer {
  /** Takes no more messages and waits for the handlers that run. */
  stop(): Promise<void>;
}

/** A message that was given up. */
export interface DeadLetter {
  readonly id: string;
  readonly queue: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: unknown;
  readonly reason: string;
  readonly attempts: number;
  readonly failedAt: Date;
}

export interface PublishOptions {
  /** From the call to the confirmation; the connection's own unless given. */
  readonly timeoutMs?: number;
}

export interface Messaging {
  declare(topology: Topology): Promise<void>;
  /**
   * Resolves when the message is safe: with RabbitMQ when the broker has confirmed it, in process
   * when every consumer of it has committed. Rejects with a `MessagingError` otherwise, and then the
   * message may or may not arrive, so publish it again with the same id.
   */
  publish(message: OutgoingMessage, options?: PublishOptions): Promise<void>;
  consume<Body>(queue: string, handler: Handler<Body>, options: ConsumeOptions): Promise<Consumer>;
  /** Dead letters of a queue, oldest first; they stay where they are. */
  deadLetters(queue: string, limit: number): Promise<readonly DeadLetter[]>;
  /** Puts up to `limit` dead letters back into their queue; the number moved. */
  redrive(queue: string, limit: number): Promise<number>;
  /** Rejects when the broker cannot be reached; what `/readyz` asks. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
