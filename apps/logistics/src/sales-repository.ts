import type { Queryable } from '@woodytoys/database';
import type { Movement } from './movements.ts';

export interface SaleRow {
  readonly id: number;
  readonly storeId: number;
  readonly productId: number;
  /** Null while the product's copy has not come. */
  readonly productName: string | null;
  readonly quantity: number;
  readonly unitPriceCents: number;
  readonly soldAt: Date;
}

export interface NewSaleRow extends SaleRow {
  readonly productName: string;
  /** What the shop has left. */
  readonly stock: number;
}

/**
 * One statement takes the quantity, adds to the running totals and inserts the sale. Of concurrent
 * sales the later waits for the row and looks at its quantity again, so it never goes below 0.
 */
const recordSale = {
  name: 'record-sale',
  text: `
    WITH product AS (
      SELECT id, name, price_cents FROM product_copies WHERE id = $2 AND NOT deleted
    ), taken AS (
      UPDATE stock
      SET quantity = stock.quantity - $3,
        sales_count = stock.sales_count + 1,
        sold_units = stock.sold_units + $3,
        sold_cents = stock.sold_cents + $3 * product.price_cents
      FROM product
      WHERE stock.store_id = $1 AND stock.product_id = product.id AND stock.quantity >= $3
      RETURNING stock.store_id, stock.product_id, stock.quantity, product.name, product.price_cents
    ), sale AS (
      INSERT INTO sales (store_id, product_id, quantity, unit_price_cents)
      SELECT store_id, product_id, $3, price_cents FROM taken
      RETURNING id, store_id, product_id, quantity, unit_price_cents, sold_at
    )
    SELECT sale.id, sale.store_id AS "storeId", sale.product_id AS "productId",
      taken.name AS "productName", sale.quantity, sale.unit_price_cents AS "unitPriceCents",
      sale.sold_at AS "soldAt", taken.quantity AS stock
    FROM sale, taken`,
};

const saleColumns = `
  sale.id, sale.store_id AS "storeId", sale.product_id AS "productId",
  product.name AS "productName", sale.quantity, sale.unit_price_cents AS "unitPriceCents",
  sale.sold_at AS "soldAt"`;

const salesBefore = {
  name: 'sales-before',
  text: `
    SELECT ${saleColumns}
    FROM sales AS sale LEFT JOIN product_copies AS product ON product.id = sale.product_id
    WHERE sale.id < $1
    ORDER BY sale.id DESC
    LIMIT $2`,
};

const storeSalesBefore = {
  name: 'store-sales-before',
  text: `
    SELECT ${saleColumns}
    FROM sales AS sale LEFT JOIN product_copies AS product ON product.id = sale.product_id
    WHERE sale.store_id = $3 AND sale.id < $1
    ORDER BY sale.id DESC
    LIMIT $2`,
};

/** Undefined when shop, product or quantity is not there. */
export async function insertSale(
  transaction: Queryable,
  { storeId, productId, quantity }: Movement,
): Promise<NewSaleRow | undefined> {
  const [sale] = await transaction.query<NewSaleRow>(recordSale, [storeId, productId, quantity]);
  return sale;
}

/** Newest first, from the one before the id `before`; of all shops unless one is given. */
export function selectSales(
  database: Queryable,
  range: { readonly storeId?: number; readonly before: number; readonly limit: number },
): Promise<SaleRow[]> {
  const { storeId, before, limit } = range;
  return storeId === undefined
    ? database.query<SaleRow>(salesBefore, [before, limit])
    : database.query<SaleRow>(storeSalesBefore, [before, limit, storeId]);
}
