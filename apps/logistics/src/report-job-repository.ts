import type { Queryable } from '@woodytoys/database';
import type { components } from './contract.ts';
import type { BestSellerRow, TotalsRow } from './figures.ts';
import { allBestSellers, shopBestSellers } from './figures.ts';
import type { Store } from './stores-repository.ts';

type Schemas = components['schemas'];

/** A job that a worker has taken. */
export interface TakenReport {
  readonly fence: number;
  /** The sales up to then are counted. */
  readonly createdAt: Date;
}

/** A done report stays as it is; a failed one is begun again when its dead letter is put back. */
const takeReport = {
  name: 'take-report',
  text: `
    UPDATE reports
    SET status = 'running', fence = fence + 1, shops_total = (SELECT count(*) FROM stores),
      started_at = coalesce(started_at, now()), finished_at = NULL, failure = NULL
    WHERE id = $1 AND status <> 'done'
    RETURNING fence, created_at AS "createdAt"`,
};

const stockWithoutPrices = {
  name: 'stock-without-prices',
  text: `
    SELECT EXISTS (SELECT FROM stock) AND NOT EXISTS (SELECT FROM product_copies) AS missing`,
};

const storesLeft = {
  name: 'stores-left',
  text: `
    SELECT id, name, city FROM stores
    WHERE NOT EXISTS (
      SELECT FROM report_steps WHERE report_id = $1 AND report_steps.store_id = stores.id
    )
    ORDER BY id`,
};

/** From the sales themselves, not from the running totals, which the report so checks. */
const figuresOfShop = {
  name: 'figures-of-shop',
  text: `
    WITH sold AS (
      SELECT product_id, count(*) AS sales, sum(quantity)::bigint AS units,
        sum(quantity * unit_price_cents)::bigint AS cents
      FROM sales WHERE store_id = $1 AND sold_at <= $2
      GROUP BY product_id
    ), best AS (
      SELECT product_id, units, cents FROM sold ORDER BY units DESC, product_id
      LIMIT ${shopBestSellers}
    ), held AS (
      SELECT sum(stock.quantity) AS units, sum(stock.quantity * product.price_cents) AS cents
      FROM stock LEFT JOIN product_copies AS product ON product.id = stock.product_id
      WHERE stock.store_id = $1
    )
    SELECT coalesce(sum(sold.sales), 0)::bigint AS sales,
      coalesce(sum(sold.units), 0)::bigint AS "unitsSold",
      coalesce(sum(sold.cents), 0)::bigint AS "revenueCents",
      (SELECT coalesce(units, 0)::bigint FROM held) AS "stockUnits",
      (SELECT coalesce(cents, 0)::bigint FROM held) AS "stockCents",
      coalesce((
        SELECT json_agg(json_build_object(
          'productId', best.product_id, 'productName', product.name,
          'unitsSold', best.units, 'revenueCents', best.cents
        ) ORDER BY best.units DESC, best.product_id)
        FROM best LEFT JOIN product_copies AS product ON product.id = best.product_id
      ), '[]') AS "bestSellers"
    FROM sold`,
};

const bestSellersUntil = {
  name: 'best-sellers-until',
  text: `
    SELECT best.product_id AS "productId", product.name AS "productName",
      best.units AS "unitsSold", best.cents AS "revenueCents"
    FROM (
      SELECT product_id, sum(quantity)::bigint AS units,
        sum(quantity * unit_price_cents)::bigint AS cents
      FROM sales WHERE sold_at <= $1
      GROUP BY product_id
      ORDER BY units DESC, product_id
      LIMIT ${allBestSellers}
    ) AS best
    LEFT JOIN product_copies AS product ON product.id = best.product_id
    ORDER BY best.units DESC, best.product_id`,
};

/** Both or neither, and only under the fence. */
const saveStep = {
  name: 'save-report-step',
  text: `
    WITH report AS (
      UPDATE reports SET shops_done = shops_done + 1
      WHERE id = $1 AND fence = $2 AND status = 'running'
      RETURNING shops_done
    )
    INSERT INTO report_steps (report_id, step, store_id, figures)
    SELECT $1, shops_done, $3, $4 FROM report
    RETURNING step`,
};

const figuresOfSteps = {
  name: 'figures-of-steps',
  text: 'SELECT figures FROM report_steps WHERE report_id = $1 ORDER BY store_id',
};

const finishReport = {
  name: 'finish-report',
  text: `
    UPDATE reports SET status = 'done', result = $3, finished_at = now()
    WHERE id = $1 AND fence = $2 AND status = 'running'
    RETURNING id`,
};

const failReport = {
  name: 'fail-report',
  text: `
    UPDATE reports SET status = 'failed', failure = $3, finished_at = now()
    WHERE id = $1 AND fence = $2 AND status = 'running'`,
};

/**
 * Few at once, since the figures of every shop go along. A failed report that is taken again at the
 * same time is locked, and has no end any more. The ids as an array: they are looked for once.
 */
const removeReports = {
  name: 'remove-reports',
  text: `
    DELETE FROM reports WHERE id = ANY (ARRAY(
      SELECT id FROM reports
      WHERE finished_at < now() - $1 * interval '1 day'
      ORDER BY finished_at LIMIT 100 FOR UPDATE SKIP LOCKED
    )) RETURNING id`,
};

/** Undefined when the report is done, or not there. */
export async function takeReportJob(
  database: Queryable,
  id: string,
): Promise<TakenReport | undefined> {
  const [taken] = await database.query<TakenReport>(takeReport, [id]);
  return taken;
}

/** Whether there is stock, yet not one price for it: the catalogue's first fill has not come. */
export async function isCatalogueMissing(database: Queryable): Promise<boolean> {
  const [row] = await database.query<{ missing: boolean }>(stockWithoutPrices);
  return row?.missing === true;
}

export function selectStoresLeft(database: Queryable, id: string): Promise<Store[]> {
  return database.query<Store>(storesLeft, [id]);
}

export async function selectFiguresOfShop(
  database: Queryable,
  storeId: number,
  until: Date,
): Promise<TotalsRow & { readonly bestSellers: readonly BestSellerRow[] }> {
  const [figures] = await database.query<
    TotalsRow & { readonly bestSellers: readonly BestSellerRow[] }
  >(figuresOfShop, [storeId, until]);
  if (figures === undefined) throw new Error('An aggregate without GROUP BY gave no row.');
  return figures;
}

export function selectBestSellersUntil(database: Queryable, until: Date): Promise<BestSellerRow[]> {
  return database.query<BestSellerRow>(bestSellersUntil, [until]);
}

/** False when the fence is not the report's any more. */
export async function saveShop(
  database: Queryable,
  id: string,
  fence: number,
  figures: Schemas['ShopFigures'],
): Promise<boolean> {
  const saved = await database.query(saveStep, [
    id,
    fence,
    figures.store.id,
    JSON.stringify(figures),
  ]);
  return saved.length > 0;
}

/** What has been saved, by shop. */
export async function selectShops(
  database: Queryable,
  id: string,
): Promise<Schemas['ShopFigures'][]> {
  const rows = await database.query<{ figures: Schemas['ShopFigures'] }>(figuresOfSteps, [id]);
  return rows.map(({ figures }) => figures);
}

/** False when the fence is not the report's any more. */
export async function saveResult(
  database: Queryable,
  id: string,
  fence: number,
  result: Schemas['ReportResult'],
): Promise<boolean> {
  const saved = await database.query(finishReport, [id, fence, JSON.stringify(result)]);
  return saved.length > 0;
}

/** Changes nothing when the fence is not the report's any more. */
export async function saveFailure(
  database: Queryable,
  id: string,
  fence: number,
  failure: string,
): Promise<void> {
  await database.query(failReport, [id, fence, failure]);
}

/**
 * Removes some of the reports that were done or failed more than `days` ago, with their shops.
 *
 * @returns how many; 0 when none is left.
 */
export async function removeOldReports(database: Queryable, days: number): Promise<number> {
  const removed = await database.query(removeReports, [days]);
  return removed.length;
}
