import type { Queryable } from '@woodytoys/database';

export interface StockRow {
  readonly productId: number;
  /** Null while the product's copy has not come. */
  readonly productName: string | null;
  readonly priceCents: number | null;
  readonly quantity: number;
}

const stockAfter = {
  name: 'stock-after',
  text: `
    SELECT stock.product_id AS "productId", product.name AS "productName",
      product.price_cents AS "priceCents", stock.quantity
    FROM stock LEFT JOIN product_copies AS product ON product.id = stock.product_id
    WHERE stock.store_id = $1 AND stock.product_id > $2
    ORDER BY stock.product_id
    LIMIT $3`,
};

/** By product id, from the one after `after`. */
export function selectStock(
  database: Queryable,
  range: { readonly storeId: number; readonly after: number; readonly limit: number },
): Promise<StockRow[]> {
  return database.query<StockRow>(stockAfter, [range.storeId, range.after, range.limit]);
}
