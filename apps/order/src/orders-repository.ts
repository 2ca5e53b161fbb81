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

const columns = `
  id, product, status, reason, created_at AS "createdAt", decided_at AS "decidedAt"`;

const byId: Statement = {
  name: 'order-by-id',
  text: `SELECT ${columns} FROM orders WHERE id = $1`,
};

const insert: Statement = {
  name: 'order-insert',
  text: `INSERT INTO orders (id, product) VALUES ($1, $2) RETURNING ${columns}`,
};

const decide: Statement = {
  name: 'order-decide',
  text: `
    UPDATE orders SET status = $2, reason = $3, decided_at = now()
    WHERE id = $1 AND status = 'pending'
    RETURNING id`,
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

export async function insertOrder(
  database: Queryable,
  { id, product }: Pick<StoredOrder, 'id' | 'product'>,
): Promise<StoredOrder> {
  const [order] = await database.query<StoredOrder>(insert, [id, product]);
  if (order === undefined) throw new Error(`Inserting order ${id} gave no row.`);
  return order;
}

/** False when the order was decided before. */
export async function saveDecision(
  database: Queryable,
  id: string,
  decision: Decision,
): Promise<boolean> {
  const reason = decision.status === 'refused' ? decision.reason : null;
  const decided = await database.query(decide, [id, decision.status, reason]);
  return decided.length > 0;
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
