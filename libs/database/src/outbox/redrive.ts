import type { Queryable } from '../types.ts';

/**
 * Gives messages that were given up another life, oldest first: the relay takes them at its next look.
 *
 * @param limit default 1,000.
 * @returns how many.
 */
export async function redriveOutbox(database: Queryable, limit = 1_000): Promise<number> {
  const rows = await database.query(
    `UPDATE outbox SET dead_at = NULL, attempts = 0, due_at = clock_timestamp()
     WHERE id IN (
       SELECT id FROM outbox WHERE dead_at IS NOT NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
     ) RETURNING id`,
    [limit],
  );
  return rows.length;
}
