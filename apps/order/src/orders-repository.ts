import type { Queryable, Statement } from '@woodytoys/database';
import type { Decision } from './validation.ts';

/** A row of `orders`. */
export interface StoredOrder {
  readonly id: string;
  readonly product: string;
  readonly status: 'pending' | Decision['status'];
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
}

export type NewOrder = Pick<StoredOrder, 'id' | 'product' | 'createdAt'>;

const columns = `
  id, product, status, reason, created_at AS "createdAt", decided_at AS "decidedAt"`;

const byId: Statement = {
  name: 'order-by-id',
  text: `SELECT ${columns} FROM orders WHERE id = $1`,
};

const insert: Statement = {
  name: 'orders-insert',
  text: `
    INSERT INTO orders (id, product, created_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])`,
};

const decide: Statement = {
  name: 'orders-decide',
  text: `
    UPDATE orders SET status = decided.status, reason = decided.reason, decided_at = now()
    FROM unnest($1::uuid[], $2::text[], $3::text[]) AS decided (id, status, reason)
    WHERE orders.id = decided.id AND orders.status = 'pending'
    RETURNING orders.id`,
};

const counts: Statement = {
  name: 'orders-by-status',
  text: `
    SELECT status, count(*) AS count FROM orders WHERE status = 'pending' GROUP BY status
    UNION ALL
    SELECT status, count(*) FROM orders WHERE decided_at > now() - interval '1 hour' GROUP BY status`,
};

export async function selectOrder(
  database: Queryable,
  id: string,
): Promise<StoredOrder | undefined> {
  const [order] = await database.query<StoredOrder>(byId, [id]);
  return order;
}

export async function insertOrders(
  database: Queryable,
  orders: readonly NewOrder[],
): Promise<void> {
  await database.query(insert, [
    orders.map(({ id }) => id),
    orders.map(({ product }) => product),
    orders.map(({ createdAt }) => createdAt),
  ]);
}

/** @returns the ids of those that were not decided before. */
export async function saveDecisions(
  database: Queryable,
  decisions: readonly { readonly id: string; readonly decision: Decision }[],
): Promise<ReadonlySet<string>> {
  const decided = await database.query<{ id: string }>(decide, [
    decisions.map(({ id }) => id),
    decisions.map(({ decision }) => decision.status),
    decisions.map(({ decision }) => (decision.status === 'refused' ? decision.reason : null)),
  ]);
  return new Set(decided.map(({ id }) => id));
}

/** How many orders wait, and how many were validated and refused in the last hour. */
export async function countOrders(
  database: Queryable,
): Promise<Record<StoredOrder['status'], number>> {
  const found = { pending: 0, validated: 0, refused: 0 };
  const rows = await database.query<{ status: StoredOrder['status']; count: number }>(counts);
  for (const { status, count } of rows) found[status] = count;
  return found;
}
