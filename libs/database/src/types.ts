/**
 * Words used here.
 *
 * - statement: SQL with a name, prepared once a connection; `values` fill `$1`, `$2`, …
 * - outbox: messages saved in the same transaction as the data they tell of.
 * - relay: what publishes the outbox's rows and removes them once they are safe.
 * - inbox: ids of messages already applied, saved in the same transaction as their effect.
 */
import type { Writable } from 'node:stream';

/** SQL text; with a `name` it becomes a prepared statement. A name always stands for one text. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
}

export interface Queryable {
  /**
   * The rows. `bigint` columns come as numbers (beyond 2^53 - 1 it throws), `numeric` and `date` as
   * strings, `timestamptz` as dates. On the database itself a statement that begins with SELECT is
   * asked once more when its connection was lost; a SELECT with side effects belongs in a transaction.
   */
  query<Row extends object = Record<string, unknown>>(
    statement: Statement | string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

/** What loads the seed data: a connection of its own, in a transaction. */
export interface SeedClient extends Queryable {
  /** Takes what `COPY … FROM STDIN` reads; `copyRows` writes to it. */
  copyFrom(text: string): Writable;
}

/** A running transaction; `afterCommit` runs once it has committed, and never if it has not. */
export interface Transaction extends Queryable {
  /**
   * Runs a statement whose rows nobody needs after all others, together with the commit: it costs no
   * round trip of its own. When it fails, the transaction fails.
   */
  beforeCommit(statement: Statement | string, values?: readonly unknown[]): void;
  afterCommit(action: () => void): void;
  /** The trace that the transaction is part of, for messages that it saves; undefined when there is none. */
  readonly traceparent?: string;
}

export interface TransactionOptions {
  /** Default `read committed`. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  /** How often a serialization failure (40001) or deadlock (40P01) is tried again; default 5. */
  readonly retries?: number;
}

export interface Database extends Queryable {
  /** Runs `work` in one transaction; it may run more than once, so it has no other effects. */
  transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;
  /** Rejects when the database cannot be reached; what `/readyz` asks. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A message as the outbox keeps it. */
export interface OutboxMessage {
  /** UUIDv7: consumers recognise a repeated message by it. */
  readonly id: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** When true, publishing fails (and is tried again) while no queue would take the message. */
  readonly mandatory?: boolean;
  readonly occurredAt: Date;
}

/** What a caller gives; id and time are filled in. */
export type NewOutboxMessage = Omit<OutboxMessage, 'id' | 'occurredAt'> & { readonly id?: string };

/**
 * Publishes the rows of an outbox, each at least once. It begins with the oldest, so messages leave in
 * their order as long as none fails; one that has to be tried again is overtaken. Consumers that must
 * not go back in time compare a version in the body.
 */
export interface OutboxRelay {
  /** Looks now instead of at the next interval; call it after a commit. */
  nudge(): void;
  /**
   * Ends the loop; waits a while for what is being published, and gives the rest free for other
   * relays. Unsent rows stay.
   */
  stop(): Promise<void>;
}
