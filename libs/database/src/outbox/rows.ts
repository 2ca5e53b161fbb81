import type { OutboxState } from '@woodytoys/metrics';
import type { OutboxMessage, Queryable } from '../types.ts';

/** A row that this relay has taken. */
export interface ClaimedRow extends OutboxMessage {
  /** How often publishing it failed. */
  readonly attempts: number;
}

/** What became of a row that could not be published. */
export interface FailedRow {
  readonly id: string;
  readonly error: string;
  /** When to try again; `undefined` when no further attempt is of use. */
  readonly retryAfterMs: number | undefined;
}

/**
 * For a lone statement whose loss in a crash of the server costs nothing but a second publication: its
 * commit does not wait for the disk. Consumers recognise the second by its id.
 */
const unhurried = `(SELECT set_config('synchronous_commit', 'off', true)) AS unhurried`;

// The statements of a relay have no name, so each is planned anew. A plan that was made while the
// table was all but empty reads it from end to end, which costs most when rows that are gone fill it.

// ARRAY, and not a join: without statistics the planner would read the whole table for each batch.
const claim = `
         UPDATE outbox SET due_at = now() + $2 * interval '1 millisecond' FROM ${unhurried}
         WHERE id = ANY (ARRAY (
           SELECT id FROM outbox
           WHERE dead_at IS NULL AND due_at <= now() AND routing_key <> ALL ($3::text[])
           ORDER BY due_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
         ))
         RETURNING id, exchange, routing_key AS "routingKey", body, headers, mandatory,
                   occurred_at AS "occurredAt", attempts`;

/**
 * Takes rows that are due, oldest first, for `leaseMs`; other relays pass over them until then.
 *
 * @param except routing keys to leave out.
 */
export async function claimRows(
  database: Queryable,
  limit: number,
  leaseMs: number,
  except: readonly string[],
): Promise<readonly ClaimedRow[]> {
  const rows = await database.query<ClaimedRow>(claim, [limit, leaseMs, except]);
  // UPDATE gives them back in any order; ids are UUIDv7, so their order is that of enqueue.
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Keeps rows for another `leaseMs` from now; 0 gives them free. */
export async function renewLease(
  database: Queryable,
  ids: readonly string[],
  leaseMs: number,
): Promise<void> {
  await database.query(
    `UPDATE outbox SET due_at = now() + $2 * interval '1 millisecond' FROM ${unhurried}
     WHERE id = ANY ($1::uuid[]) AND dead_at IS NULL`,
    [ids, leaseMs],
  );
}

/** Removes rows whose messages are safe. */
export async function removeRows(database: Queryable, ids: readonly string[]): Promise<void> {
  await database.query(`DELETE FROM outbox USING ${unhurried} WHERE id = ANY ($1::uuid[])`, [ids]);
}

/** Notes the failure of rows, and when to try them again, or that they are given up. */
export async function noteFailures(
  database: Queryable,
  failures: readonly FailedRow[],
): Promise<void> {
  await database.query(
    {
      name: 'outbox-fail',
      text: `UPDATE outbox SET attempts = attempts + 1, last_error = failed.error,
               due_at = now() + coalesce(failed.retry_after_ms, 0) * interval '1 millisecond',
               dead_at = CASE WHEN failed.retry_after_ms IS NULL THEN now() END
             FROM unnest($1::uuid[], $2::text[], $3::float8[]) AS failed (id, error, retry_after_ms)
             WHERE outbox.id = failed.id`,
    },
    [
      failures.map(({ id }) => id),
      failures.map(({ error }) => error),
      failures.map(({ retryAfterMs }) => retryAfterMs ?? null),
    ],
  );
}

/** What the metrics show of the outbox. */
export async function readOutboxState(database: Queryable): Promise<OutboxState> {
  const [row] = await database.query<OutboxState>({
    name: 'outbox-state',
    text: `SELECT count(*) FILTER (WHERE dead_at IS NULL) AS pending,
                  count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
                  coalesce(extract(epoch FROM clock_timestamp()
                    - min(occurred_at) FILTER (WHERE dead_at IS NULL)), 0)::float8 AS "oldestSeconds"
           FROM outbox`,
  });
  return row ?? { pending: 0, dead: 0, oldestSeconds: 0 };
}
