import { createMemoryWorld } from '@woodytoys/app-testing';
import type { Client, Replica } from '@woodytoys/app-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { startLogisticsService } from './start.ts';
import type { LogisticsService } from './start.ts';

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

type Schemas = components['schemas'];

describe('lists', () => {
  let service: LogisticsService;
  let client: Client;

  beforeAll(async () => {
    service = await startLogisticsService(createMemoryWorld(), 0.15);
    await service.worker();
    const replica: Replica = await service.replica();
    ({ client } = replica);
    await service.fillCatalogue();
    for (let productId = 1; productId <= 23; productId += 1) {
      await client.post(`/stores/2/restocks`, { productId, quantity: productId });
    }
  });
  afterAll(() => service?.close());

  async function walk<Item>(path: string, limit: number): Promise<Item[]> {
    const items: Item[] = [];
    let cursor: string | null = null;
    do {
      const from: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { status, body } = await client.get<Page<Item>>(`${path}?limit=${limit}${from}`);
      expect(status).toBe(200);
      expect(body.items.length).toBeLessThanOrEqual(limit);
      items.push(...body.items);
      cursor = body.nextCursor;
    } while (cursor !== null);
    return items;
  }

  const idsOf = (rows: readonly object[]) => rows.map((row) => Object.values(row)[0] as number);

  it.each([1, 2, 3, 200])('gives each shop exactly once in pages of %i', async (limit) => {
    const walked = await walk<Schemas['Store']>('/stores', limit);
    const rows = await service.database.query('SELECT id, name, city FROM stores ORDER BY id');
    expect(walked).toEqual(rows);
    expect(walked).toHaveLength(3);
  });

  it.each([7, 75, 150, 200])('gives a shop’s stock exactly once in pages of %i', async (limit) => {
    const walked = await walk<Schemas['StockItem']>('/stores/2/stock', limit);
    const rows = await service.database.query<{ productId: number }>(
      `SELECT product_id AS "productId", 'Product_' || product_id AS "productName",
         price_cents / 100.0::float8 AS "unitPrice", description, category, quantity
       FROM stock JOIN product_copies ON id = product_id WHERE store_id = 2 ORDER BY product_id`,
    );
    expect(walked).toEqual(rows);
    expect(walked).toHaveLength(150);
  });

  it('finds stock by a part of a name, in pages, without regard to case', async () => {
    const named = async (query: string) => {
      const { body } = await client.get<Page<Schemas['StockItem']>>(`/stores/2/stock?${query}`);
      return body;
    };
    const all = await named('name=PRODUCT_2&limit=200');
    const wanted = Array.from({ length: 150 }, (_, index) => index + 1);
    const withTwo = wanted.filter((id) => String(id).startsWith('2'));
    expect(all.items.map(({ productId }) => productId)).toEqual(withTwo);
    const { items, nextCursor } = await named('name=product_2&limit=5');
    expect(items).toEqual(all.items.slice(0, 5));
    const rest = await named(`name=product_2&limit=200&cursor=${nextCursor}`);
    expect(rest).toEqual({ items: all.items.slice(5), nextCursor: null });
    expect((await named('name=%25')).items).toEqual([]);
    expect((await named('name=teddy')).items).toEqual([]);
  });

  it('gives each sale exactly once, newest first', async () => {
    const ofStore = await walk<Schemas['Sale']>('/stores/3/sales', 200);
    const rows = await service.database.query(
      'SELECT id FROM sales WHERE store_id = 3 ORDER BY id DESC',
    );
    expect(ofStore.map(({ id }) => id)).toEqual(idsOf(rows));
    expect(ofStore.every(({ storeId }) => storeId === 3)).toBe(true);
    const ofAll = await walk<Schemas['Sale']>('/sales', 199);
    expect(ofAll.map(({ id }) => id)).toEqual(
      idsOf(await service.database.query('SELECT id FROM sales ORDER BY id DESC')),
    );
    const times = ofAll.map(({ soldAt }) => soldAt);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  it('gives each sale exactly once while others are made', async () => {
    const before = idsOf(
      await service.database.query('SELECT id FROM sales WHERE store_id = 1 ORDER BY id DESC'),
    );
    const selling = (async () => {
      for (let sold = 0; sold < 40; sold += 1) {
        await client.post('/stores/1/sales', { productId: 9, quantity: 1 });
      }
    })();
    const walked = (await walk<Schemas['Sale']>('/stores/1/sales', 50)).map(({ id }) => id);
    await selling;
    expect(new Set(walked).size).toBe(walked.length);
    expect(walked.filter((id) => before.includes(id))).toEqual(before);
  });

  it('gives each restock exactly once, newest first', async () => {
    const walked = await walk<Schemas['Restock']>('/restocks', 5);
    expect(walked.map(({ productId }) => productId)).toEqual(
      Array.from({ length: 23 }, (_, index) => 23 - index),
    );
    expect(walked[0]).toMatchObject({ storeId: 2, productName: 'Product_23', quantity: 23 });
  });

  it('gives 50 unless told otherwise, and nothing after the last page', async () => {
    const { body } = await client.get<Page<Schemas['Sale']>>('/sales');
    expect(body.items).toHaveLength(50);
    const whole = await client.get<Page<Schemas['StockItem']>>('/stores/1/stock?limit=150');
    expect(whole.body.nextCursor).toBeNull();
    const empty = await client.get<Page<Schemas['Store']>>(
      `/stores?cursor=${Buffer.from('{"storesAfter":3}').toString('base64url')}`,
    );
    expect(empty.body).toEqual({ items: [], nextCursor: null });
  });

  it('gives one shop, and a sale with its price and sum', async () => {
    expect((await client.get('/stores/1')).body).toEqual({
      id: 1,
      name: 'Woodytoys Namur',
      city: 'Namur',
    });
    const { body } = await client.get<Page<Schemas['Sale']>>('/sales?limit=200');
    for (const { unitPrice, quantity, total } of body.items) {
      expect(Math.round(total * 100)).toBe(Math.round(unitPrice * 100) * quantity);
    }
  });
});
