import { createMemoryWorld, describeInBothWorlds } from '@woodytoys/app-testing';
import type { Client } from '@woodytoys/app-testing';
import { waitFor } from '@woodytoys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { reportBySql } from './reports.ts';
import type { ReportResult } from './reports.ts';
import { seedProduct, startLogisticsService } from './start.ts';
import type { LogisticsService } from './start.ts';

type Analytics = components['schemas']['StoreAnalytics'];

describeInBothWorlds('the consolidated report', (createWorld) => {
  let service: LogisticsService;
  let client: Client;
  let other: Client;

  beforeAll(async () => {
    service = await startLogisticsService(await createWorld(), 0.25);
    await service.worker();
    ({ client } = await service.replica());
    ({ client: other } = await service.replica());
    await service.fillCatalogue();
  });
  afterAll(() => service?.close());

  const report = async (by: Client) => (await by.get<ReportResult>('/reports/consolidated')).body;

  it('has the figures that plain SQL gives', async () => {
    const { generatedAt, ...figures } = await report(client);
    expect(figures).toMatchObject(await reportBySql(service));
    expect(figures.totals.sales).toBe(25_000);
    expect(Date.now() - Date.parse(generatedAt)).toBeLessThan(60_000);
  });

  it('tells what a shop has left of its best sellers', async () => {
    const { shops } = await report(client);
    for (const { store, bestSellers } of shops) {
      const left = await service.database.query<{ productId: number; stock: number }>(
        `SELECT product_id AS "productId", quantity AS stock FROM stock
         WHERE store_id = $1 AND product_id = ANY ($2)`,
        [store.id, bestSellers.map(({ productId }) => productId)],
      );
      const told = bestSellers.map(({ productId, stock }) => ({ productId, stock }));
      expect(told).toHaveLength(5);
      expect(left).toEqual(expect.arrayContaining(told));
    }
  });

  it('shows sales, restocks and prices on every replica within 5 seconds', async () => {
    const reading = async () => [await report(client), await report(other)] as const;
    await reading();
    for (let round = 1; round <= 2; round += 1) {
      for (let productId = 1; productId <= 5; productId += 1) {
        await client.post('/stores/1/sales', { productId, quantity: 20 });
        await other.post('/stores/2/restocks', { productId, quantity: 7 });
      }
      const product = { ...seedProduct(2), price: `${round}.11`, version: round + 1 };
      await service.publish('product.updated', product);
      await waitFor(async () => {
        const [row] = await service.database.query<{ version: number }>(
          'SELECT version FROM product_copies WHERE id = 2',
        );
        return row?.version === round + 1;
      });
      const expected = await reportBySql(service);
      const changedAt = performance.now();
      // Asked for all the time, so that a stale answer is never long after a fresh one.
      await waitFor(async () => {
        const answers = await reading();
        return answers.every(({ totals }) => totals.revenue === expected.totals.revenue);
      });
      expect(performance.now() - changedAt).toBeLessThan(5000);
      for (const figures of await reading()) expect(figures).toMatchObject(expected);
    }
  });

  it('is not made anew for each that asks', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => report(client)));
    expect(new Set(answers.map(({ generatedAt }) => generatedAt)).size).toBeLessThanOrEqual(2);
  });
});

describe('the figures of a shop', () => {
  let service: LogisticsService;
  let client: Client;

  beforeAll(async () => {
    service = await startLogisticsService(createMemoryWorld(), 0.25);
    await service.worker();
    ({ client } = await service.replica());
    await service.fillCatalogue();
  });
  afterAll(() => service?.close());

  it('are those of the report, and day by day those of plain SQL', async () => {
    const { shops } = await reportBySql(service);
    for (const { store, totals, bestSellers } of shops) {
      const { body } = await client.get<Analytics>(`/stores/${store.id}/analytics?days=366`);
      expect(body).toMatchObject({ store, totals, bestSellers });
      expect(body.daily).toHaveLength(366);
      const sold = body.daily.filter(({ sales }) => sales > 0);
      const days = await service.database.query(
        `SELECT to_char(sold_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS date, count(*) AS sales,
           sum(quantity)::bigint AS "unitsSold",
           round(sum(quantity * unit_price_cents) / 100.0, 2)::float8 AS revenue
         FROM sales WHERE store_id = $1 GROUP BY 1 ORDER BY 1`,
        [store.id],
      );
      expect(sold).toEqual(days);
    }
  });

  it('cover 30 days unless told otherwise, up to the last sale', async () => {
    const { body } = await client.get<Analytics>('/stores/3/analytics');
    expect(body.daily).toHaveLength(30);
    expect(body.daily.at(-1)?.date).toBe('2025-12-31');
    expect(body.daily[0]?.date).toBe('2025-12-02');
    const dates = body.daily.map(({ date }) => date);
    expect(dates).toEqual(dates.toSorted());
    const { body: day } = await client.get<Analytics>('/stores/3/analytics?days=1');
    expect(day.daily).toEqual(body.daily.slice(-1));
  });

  it('are there for a shop that never sold', async () => {
    await service.database.query("INSERT INTO stores (id, name, city) VALUES (77, 'New', 'Spa')");
    const { body } = await client.get<Analytics>('/stores/77/analytics');
    expect(body).toMatchObject({
      totals: { sales: 0, unitsSold: 0, revenue: 0, stockUnits: 0, stockValue: 0 },
      bestSellers: [],
      daily: [],
    });
    const report = await client.get<ReportResult>('/reports/consolidated');
    expect(report.body.shops.at(-1)).toMatchObject({ store: { id: 77 }, bestSellers: [] });
    expect(await client.get('/stores/78/analytics')).toMatchObject({ status: 404 });
  });
});
