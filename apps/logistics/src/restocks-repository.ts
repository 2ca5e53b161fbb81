import type { Queryable } from '@woodytoys/database';
import type { Movement } from './movements.ts';

export interface RestockRow {
  readonly id: number;
  readonly storeId: number;
  readonly productId: number;
  /** Null while the product's copy has not come. */
  readonly productName: string | null;
  readonly quantity: number;
  readonly restockedAt: Date;
}

export interface NewRestockRow extends RestockRow {
  readonly productName: string;
  /** What the shop has now. */
  readonly stock: number;
}

/** One statement raises the stock, or begins it, and inserts the restock. */
const recordRestock = {
  name: 'record-restock',
  text: `
    WITH product AS (
      SELECT id, name FROM product_copies WHERE id = $2 AND NOT deleted
    ), raised AS (
      INSERT INTO stock (store_id, product_id, quantity)
      SELECT stores.id, product.id, $3 FROM stores, product WHERE stores.id = $1
      ON CONFLICT (store_id, product_id)
      DO UPDATE SET quantity = stock.quantity + EXCLUDED.quantity
      RETURNING store_id, product_id, quantity
    ), restock AS (
      INSERT INTO restocks (store_id, product_id, quantity)
      SELECT store_id, product_id, $3 FROM raised
      RETURNING id, store_id, product_id, quantity, restocked_at
    )
    SELECT restock.id, restock.store_id AS "storeId", restock.product_id AS "productId",
      product.name AS "productName", restock.quantity, restock.restocked_at AS "restockedAt",
      raised.quantity AS stock
    FROM restock, raised, product`,
};

const restocksBefore = {
  name: 'restocks-before',
  text: `
    SELECT restock.id, restock.store_id AS "storeId", restock.product_id AS "productId",
      product.name AS "productName", restock.quantity, restock.restocked_at AS "restockedAt"
    FROM restocks AS restock LEFT JOIN product_copies AS product ON product.id = restock.product_id
    WHERE restock.id < $1
    ORDER BY restock.id DESC
    LIMIT $2`,
};

/** Undefined when shop or product is not there. */
export async function insertRestock(
  transaction: Queryable,
  { storeId, productId, quantity }: Movement,
): Promise<NewRestockRow | undefined> {
  const [restock] = await transaction.query<NewRestockRow>(recordRestock, [
    storeId,
    productId,
    quantity,
  ]);
  return restock;
}

/** Newest first, from the one before the id `before`. */
export function selectRestocks(
  database: Queryable,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<RestockRow[]> {
  return database.query<RestockRow>(restocksBefore, [before, limit]);
}
