import type { Logger } from '@woodytoys/service';
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

/** Forgets old messages now and then; replicas may all do so. */
export function createInboxCleaner(options: InboxCleanerOptions): { stop(): Promise<void> } {
  const { database, log, keepMs = 7 * 24 * 3_600_000, intervalMs = 3_600_000 } = options;
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = forgetApplied(database, keepMs).then(
      (count) => log.debug({ count }, 'old messages forgotten'),
      (error: unknown) => log.warn({ err: error }, 'old messages could not be forgotten'),
    );
  }, intervalMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Forgets messages applied longer ago than `keepMs`, in small steps. @returns how many. */
export async function forgetApplied(database: Queryable, keepMs: number): Promise<number> {
  const step = 5_000;
  for (let total = 0; ;) {
    const [row] = await database.query<{ count: number }>(
      `WITH gone AS (
         DELETE FROM inbox WHERE (consumer, message_id) IN (
           SELECT consumer, message_id FROM inbox
           WHERE applied_at < now() - $1 * interval '1 millisecond'
           ORDER BY applied_at LIMIT $2 FOR UPDATE SKIP LOCKED
         ) RETURNING 1
       ) SELECT count(*) FROM gone`,
      [keepMs, step],
    );
    total += row?.count ?? 0;
    if ((row?.count ?? 0) < step) return total;
  }
}
