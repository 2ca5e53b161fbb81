import type { Logger } from '@woodytoys/service';
import { createCleaner } from './cleaner.ts';
import type { Database, Queryable, Statement, Transaction } from './types.ts';

const remember: Statement = {
  name: 'inbox-remember',
  text: `INSERT INTO inbox (consumer, message_id) VALUES ($1, $2)
         ON CONFLICT DO NOTHING RETURNING message_id`,
};

/**
 * Notes that a consumer applies a message, in the transaction that holds the effect. A second
 * delivery that runs at the same time waits for the first.
 *
 * @returns false when it was applied before: then do nothing.
 */
export async function applyOnce(
  transaction: Transaction,
  consumer: string,
  messageId: string,
): Promise<boolean> {
  const rows = await transaction.query(remember, [consumer, messageId]);
  return rows.length === 1;
}

export interface InboxCleanerOptions {
  readonly database: Database;
  /** How long an id is remembered; longer than any message can still be delivered. Default 7 days. */
  readonly keepMs?: number;
  /** Default an hour. */
  readonly intervalMs?: number;
  readonly log: Logger;
}

/** Forgets old messages, at once and then now and then; replicas may all do so. */
export function createInboxCleaner(options: InboxCleanerOptions): { stop(): Promise<void> } {
  const { database, keepMs = 7 * 24 * 3_600_000, ...rest } = options;
  return createCleaner({ ...rest, what: 'inbox', removeSome: () => forgetSome(database, keepMs) });
}

const forget: Statement = {
  name: 'inbox-forget',
  text: `DELETE FROM inbox WHERE (consumer, message_id) IN (
           SELECT consumer, message_id FROM inbox
           WHERE applied_at < now() - $1 * interval '1 millisecond'
           ORDER BY applied_at LIMIT 1000 FOR UPDATE SKIP LOCKED
         ) RETURNING 1 AS gone`,
};

async function forgetSome(database: Queryable, keepMs: number): Promise<number> {
  const gone = await database.query(forget, [keepMs]);
  return gone.length;
}
