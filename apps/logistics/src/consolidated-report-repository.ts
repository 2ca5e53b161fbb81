import type { Queryable } from '@woodytoys/database';
import type { BestSellerRow, TotalsRow } from './figures.ts';
import { allBestSellers, shopBestSellers } from './figures.ts';
import type { Store } from './stores-repository.ts';

/** From the running totals that each sale keeps in its row of `stock`. */
const totalsOfShops = {
  name: 'totals-of-shops',
  text: `
    SELECT stores.id, stores.name, stores.city,
      coalesce(sum(stock.sales_count), 0)::bigint AS sales,
      coalesce(sum(stock.sold_units), 0)::bigint AS "unitsSold",
      coalesce(sum(stock.sold_cents), 0)::bigint AS "revenueCents",
      coalesce(sum(stock.quantity), 0)::bigint AS "stockUnits",
      coalesce(sum(stock.quantity * product.price_cents), 0)::bigint AS "stockCents"
    FROM stores
    LEFT JOIN stock ON stock.store_id = stores.id
    LEFT JOIN product_copies AS product ON product.id = stock.product_id
    GROUP BY stores.id
    ORDER BY stores.id`,
};

const bestSellersOfShops = {
  name: 'best-sellers-of-shops',
  text: `
    SELECT stores.id AS "storeId", best.product_id AS "productId", product.name AS "productName",
      best.sold_units AS "unitsSold", best.sold_cents AS "revenueCents", best.quantity AS stock
    FROM stores
    CROSS JOIN LATERAL (
      SELECT product_id, sold_units, sold_cents, quantity FROM stock
      WHERE store_id = stores.id AND sold_units > 0
      ORDER BY sold_units DESC, product_id
      LIMIT ${shopBestSellers}
    ) AS best
    LEFT JOIN product_copies AS product ON product.id = best.product_id
    ORDER BY stores.id, best.sold_units DESC, best.product_id`,
};

const bestSellersOfAll = {
  name: 'best-sellers-of-all',
  text: `
    SELECT best.product_id AS "productId", product.name AS "productName",
      best.units AS "unitsSold", best.cents AS "revenueCents"
    FROM (
      SELECT product_id, sum(sold_units)::bigint AS units, sum(sold_cents)::bigint AS cents
      FROM stock
      GROUP BY product_id
      HAVING sum(sold_units) > 0
      ORDER BY units DESC, product_id
      LIMIT ${allBestSellers}
    ) AS best
    LEFT JOIN product_copies AS product ON product.id = best.product_id
    ORDER BY best.units DESC, best.product_id`,
};

export function selectTotalsOfShops(database: Queryable): Promise<(Store & TotalsRow)[]> {
  return database.query<Store & TotalsRow>(totalsOfShops);
}

/** Of each shop in turn, its best first. */
export function selectBestSellersOfShops(
  database: Queryable,
): Promise<(BestSellerRow & { readonly storeId: number })[]> {
  return database.query<BestSellerRow & { readonly storeId: number }>(bestSellersOfShops);
}

export function selectBestSellers(database: Queryable): Promise<BestSellerRow[]> {
  return database.query<BestSellerRow>(bestSellersOfAll);
}
