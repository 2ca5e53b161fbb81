import type { Queryable } from '@woodytoys/database';
import type { BestSellerRow, TotalsRow } from './figures.ts';
import { shopBestSellers } from './figures.ts';

export interface DayRow {
  /** `YYYY-MM-DD`, in UTC. */
  readonly date: string;
  readonly sales: number;
  readonly unitsSold: number;
  readonly revenueCents: number;
}

const totalsOfShop = {
  name: 'totals-of-shop',
  text: `
    SELECT coalesce(sum(stock.sales_count), 0)::bigint AS sales,
      coalesce(sum(stock.sold_units), 0)::bigint AS "unitsSold",
      coalesce(sum(stock.sold_cents), 0)::bigint AS "revenueCents",
      coalesce(sum(stock.quantity), 0)::bigint AS "stockUnits",
      coalesce(sum(stock.quantity * product.price_cents), 0)::bigint AS "stockCents"
    FROM stock
    LEFT JOIN product_copies AS product ON product.id = stock.product_id
    WHERE stock.store_id = $1`,
};

const bestSellersOfShop = {
  name: 'best-sellers-of-shop',
  text: `
    SELECT stock.product_id AS "productId", product.name AS "productName",
      stock.sold_units AS "unitsSold", stock.sold_cents AS "revenueCents"
    FROM stock
    LEFT JOIN product_copies AS product ON product.id = stock.product_id
    WHERE stock.store_id = $1 AND stock.sold_units > 0
    ORDER BY stock.sold_units DESC, stock.product_id
    LIMIT ${shopBestSellers}`,
};

/** The days that end with the one of the shop's last sale, those without a sale included. */
const daysOfShop = {
  name: 'days-of-shop',
  text: `
    WITH last AS (
      SELECT (sold_at AT TIME ZONE 'UTC')::date AS day FROM sales
      WHERE store_id = $1 ORDER BY id DESC LIMIT 1
    ), sold AS (
      SELECT (sold_at AT TIME ZONE 'UTC')::date AS day, count(*) AS sales,
        sum(quantity)::bigint AS units, sum(quantity * unit_price_cents)::bigint AS cents
      FROM sales
      WHERE store_id = $1
        AND sold_at >= (SELECT (day - ($2::integer - 1))::timestamp AT TIME ZONE 'UTC' FROM last)
      GROUP BY 1
    )
    SELECT to_char(days.day, 'YYYY-MM-DD') AS date, coalesce(sold.sales, 0) AS sales,
      coalesce(sold.units, 0) AS "unitsSold", coalesce(sold.cents, 0) AS "revenueCents"
    FROM last
    CROSS JOIN LATERAL (
      SELECT last.day - back AS day FROM generate_series(0, $2::integer - 1) AS back
    ) AS days
    LEFT JOIN sold ON sold.day = days.day
    ORDER BY days.day`,
};

export async function selectTotalsOfShop(
  database: Queryable,
  storeId: number,
): Promise<TotalsRow | undefined> {
  const [totals] = await database.query<TotalsRow>(totalsOfShop, [storeId]);
  return totals;
}

export function selectBestSellersOfShop(
  database: Queryable,
  storeId: number,
): Promise<BestSellerRow[]> {
  return database.query<BestSellerRow>(bestSellersOfShop, [storeId]);
}

export function selectDaysOfShop(
  database: Queryable,
  storeId: number,
  days: number,
): Promise<DayRow[]> {
  return database.query<DayRow>(daysOfShop, [storeId, days]);
}
