import type { Queryable } from '@woodytoys/database';

export interface StockRow {
  readonly productId: number;
  /** These four are null while the product's copy has not come. */
  readonly productName: string | null;
  readonly priceCents: number | null;
  readonly description: string | null;
  readonly category: string | null;
  readonly quantity: number;
}

const columns = `stock.product_id AS "productId", product.name AS "productName",
      product.price_cents AS "priceCents", product.description, product.category, stock.quantity`;

const stockAfter = {
  name: 'stock-after',
  text: `
    SELECT ${columns}
    FROM stock LEFT JOIN product_copies AS product ON product.id = stock.product_id
    WHERE stock.store_id = $1 AND stock.product_id > $2
    ORDER BY stock.product_id
    LIMIT $3`,
};

const stockNamed = {
  name: 'stock-named',
  text: `
    SELECT ${columns}
    FROM stock JOIN product_copies AS product ON product.id = stock.product_id
    WHERE stock.store_id = $1 AND stock.product_id > $2
      AND position(lower($4) IN lower(product.name)) > 0
    ORDER BY stock.product_id
    LIMIT $3`,
};

export interface StockRange {
  readonly storeId: number;
  readonly after: number;
  readonly limit: number;
  /** Only products with this in their names, in upper or lower case; all of them unless given. */
  readonly name?: string | undefined;
}

/** By product id, from the one after `after`. */
export function selectStock(
  database: Queryable,
  { storeId, after, limit, name }: StockRange,
): Promise<StockRow[]> {
  return name === undefined
    ? database.query<StockRow>(stockAfter, [storeId, after, limit])
    : database.query<StockRow>(stockNamed, [storeId, after, limit, name]);
}
