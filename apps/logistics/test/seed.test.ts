import { createMemoryWorld } from '@woodytoys/app-testing';
import { afterAll, describe, expect, it } from 'vitest';
import { seedEndsAtMs, seedPriceCents, seedSizes } from '../src/seed.ts';
import { startLogisticsService } from './start.ts';
import type { LogisticsService } from './start.ts';

describe('the seed of the shops', () => {
  const services: LogisticsService[] = [];
  const start = async (scale: number) => {
    const service = await startLogisticsService(createMemoryWorld(), scale);
    services.push(service);
    return service;
  };
  afterAll(async () => {
    for (const service of services) await service.close();
  });

  it('has 20 shops, 20,000 stock rows and 100,000 sales over 365 days', async () => {
    const { database } = await start(1);
    const [counts] = await database.query(
      `SELECT (SELECT count(*) FROM stores) AS stores, (SELECT count(*) FROM stock) AS stock,
         (SELECT count(*) FROM sales) AS sales, (SELECT min(sold_at) FROM sales) AS first,
         (SELECT max(sold_at) FROM sales) AS last`,
    );
    expect(counts).toMatchObject({ stores: 20, stock: 20_000, sales: 100_000 });
    const { first, last } = counts as { first: Date; last: Date };
    const yearMs = 365 * 24 * 3_600_000;
    expect(first.getTime()).toBeGreaterThanOrEqual(seedEndsAtMs - yearMs);
    expect(last.getTime()).toBeLessThan(seedEndsAtMs);
    expect(last.getTime() - first.getTime()).toBeGreaterThan(0.99 * yearMs);
    expect(seedPriceCents(1)).toBe(1999);
  });

  it('has running totals that are the sums of the sales, and ids in the order of time', async () => {
    const { database } = await start(0.3);
    const differing = await database.query(
      `SELECT * FROM stock FULL JOIN (
         SELECT store_id, product_id, count(*) AS count, sum(quantity) AS units,
           sum(quantity * unit_price_cents) AS cents
         FROM sales GROUP BY store_id, product_id
       ) AS sold USING (store_id, product_id)
       WHERE (sales_count, sold_units, sold_cents)
         IS DISTINCT FROM (coalesce(count, 0), coalesce(units, 0), coalesce(cents, 0))`,
    );
    expect(differing).toEqual([]);
    const unordered = await database.query(
      `SELECT id FROM (SELECT id, sold_at, lag(sold_at) OVER (ORDER BY id) AS before FROM sales) AS s
       WHERE before > sold_at`,
    );
    expect(unordered).toEqual([]);
  });

  it('is the same each time', async () => {
    const digest = async () =>
      (await start(0.1)).database.query(
        `SELECT (SELECT md5(string_agg(s::text, '|' ORDER BY id)) FROM sales s) AS sales,
           (SELECT md5(string_agg(s::text, '|' ORDER BY store_id, product_id)) FROM stock s) AS stock,
           (SELECT md5(string_agg(s::text, '|' ORDER BY id)) FROM stores s) AS stores`,
      );
    expect(await digest()).toEqual(await digest());
  });

  it('leaves the next id free for the first sale', async () => {
    const service = await start(0.1);
    await service.worker();
    const { client } = await service.replica();
    await service.fillCatalogue();
    const { body } = await client.post('/stores/1/sales', { productId: 1, quantity: 1 });
    expect(body).toMatchObject({ id: 10_001 });
  });

  it('shares out a catalogue of more than 1,000 products among the shops', async () => {
    const { database } = await start(2);
    const [counts] = await database.query(
      `SELECT count(*) AS rows, count(DISTINCT product_id) AS products,
         min(product_id) AS first, max(product_id) AS last FROM stock`,
    );
    expect(counts).toEqual({ rows: 40_000, products: 2000, first: 1, last: 2000 });
  });

  it.each([0.001, 0.05, 0.33, 1.5, 2.5, 7])('makes sense at the scale of %s', (scale) => {
    const sizes = seedSizes(scale);
    expect(Math.min(...Object.values(sizes))).toBeGreaterThanOrEqual(1);
    expect(sizes.shelf).toBeLessThanOrEqual(Math.min(1000, sizes.products));
  });
});
