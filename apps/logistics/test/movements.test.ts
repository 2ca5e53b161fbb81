import { describeInBothWorlds } from '@woodytoys/app-testing';
import type { Client, Replica } from '@woodytoys/app-testing';
import type { Delivery } from '@woodytoys/messaging';
import { uniqueName, waitFor } from '@woodytoys/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { seedProduct, startLogisticsService } from './start.ts';
import type { LogisticsService } from './start.ts';

type Schemas = components['schemas'];

describeInBothWorlds('sales and restocks', (createWorld) => {
  let service: LogisticsService;
  let first: Replica;
  let client: Client;
  let other: Client;

  beforeAll(async () => {
    service = await startLogisticsService(await createWorld(), 0.1);
    await service.worker();
    first = await service.replica();
    ({ client } = first);
    ({ client: other } = await service.replica());
    await service.fillCatalogue();
  });
  afterAll(() => service?.close());

  async function stockOf(storeId: number, productId: number): Promise<number> {
    const [row] = await service.database.query<{ quantity: number }>(
      'SELECT quantity FROM stock WHERE store_id = $1 AND product_id = $2',
      [storeId, productId],
    );
    return row?.quantity ?? 0;
  }

  async function setStock(storeId: number, productId: number, quantity: number): Promise<void> {
    await service.database.query(
      `UPDATE stock SET quantity = $3 WHERE store_id = $1 AND product_id = $2`,
      [storeId, productId, quantity],
    );
  }

  const sell = (by: Client, productId: number, quantity: number) =>
    by.post<Schemas['RecordedSale']>('/stores/1/sales', { productId, quantity });

  /** What arrives in a queue of its own, bound like another service's. */
  async function listen(routingKey: string): Promise<readonly Delivery[]> {
    const name = uniqueName('test');
    const seen: Delivery[] = [];
    const bindings = [{ exchange: 'woodytoys.events', routingKey }];
    await first.messaging.declare({
      exchanges: [{ name: 'woodytoys.events', type: 'topic' }],
      queues: [{ name, bindings, retryDelaysMs: [] }],
    });
    const keep = (delivery: Delivery) => {
      seen.push(delivery);
      return Promise.resolve();
    };
    await first.messaging.consume(name, keep, { prefetch: 100 });
    return seen;
  }

  it('take a sale off the stock, at the price of the moment', async () => {
    const before = await stockOf(1, 1);
    const { status, body } = await sell(client, 1, 3);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      storeId: 1,
      productId: 1,
      productName: 'Product_1',
      quantity: 3,
      unitPrice: 19.99,
      total: 59.97,
      stock: before - 3,
    });
    expect(await stockOf(1, 1)).toBe(before - 3);

    await service.publish('product.updated', { ...seedProduct(1), price: '25.10', version: 2 });
    await waitFor(async () => (await sell(client, 1, 1)).body.unitPrice === 25.1);
    const { body: page } = await client.get<Schemas['SalePage']>('/stores/1/sales?limit=200');
    expect(page.items.find(({ id }) => id === body.id)?.unitPrice).toBe(19.99);
  });

  it('tell of each sale and restock once it is committed', async () => {
    const sales = await listen('sale.recorded');
    const restocks = await listen('restock.recorded');
    const { body: sale } = await sell(client, 2, 2);
    const { body: restock } = await client.post<Schemas['RecordedRestock']>('/stores/1/restocks', {
      productId: 2,
      quantity: 9,
    });
    const told = (events: readonly Delivery[], id: number) =>
      events.filter(({ body }) => (body as { id: number }).id === id);
    await waitFor(() => told(sales, sale.id).length > 0 && told(restocks, restock.id).length > 0);
    expect(told(sales, sale.id).map(({ body }) => body)).toEqual([
      {
        id: sale.id,
        storeId: 1,
        productId: 2,
        quantity: 2,
        unitPrice: seedProduct(2).price,
        soldAt: sale.soldAt,
      },
    ]);
    expect(told(restocks, restock.id).map(({ body }) => body)).toEqual([
      {
        id: restock.id,
        storeId: 1,
        productId: 2,
        quantity: 9,
        restockedAt: restock.restockedAt,
      },
    ]);
  });

  it('raise the stock by a restock, and begin it where there was none', async () => {
    const before = await stockOf(1, 3);
    const { status, body } = await client.post('/stores/1/restocks', {
      productId: 3,
      quantity: 1_000_000,
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ productName: 'Product_3', stock: before + 1_000_000 });

    await service.publish('product.updated', { ...seedProduct(5000), version: 1 });
    await waitFor(async () => {
      const added = await client.post('/stores/2/restocks', { productId: 5000, quantity: 4 });
      return added.status === 201;
    });
    expect(await stockOf(2, 5000)).toBe(4);
    const page = await client.get<Schemas['StockPage']>('/stores/2/stock?limit=200');
    expect(page.body.items.at(-1)).toMatchObject({ productId: 5000, quantity: 4 });
  });

  it('refuse a sale of more than there is, and change nothing', async () => {
    await setStock(1, 4, 5);
    const { status, body } = await client.post('/stores/1/sales', { productId: 4, quantity: 6 });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      type: 'urn:woodytoys:problem:WT-CONFLICT',
      detail: 'Shop 1 has 5 of product 4, fewer than 6.',
    });
    expect(await stockOf(1, 4)).toBe(5);
    expect((await sell(client, 4, 5)).body.stock).toBe(0);
    expect((await sell(client, 4, 1)).status).toBe(409);
  });

  it('answer 409 for a product that the shop does not hold', async () => {
    await service.publish('product.updated', { ...seedProduct(5001), version: 1 });
    await waitFor(async () => (await sell(client, 5001, 1)).status === 409);
  });

  it('answer 404 without the shop, 422 without the product', async () => {
    for (const path of ['sales', 'restocks']) {
      const json = { productId: 1, quantity: 1 };
      expect(await client.post(`/stores/99/${path}`, json)).toMatchObject({ status: 404 });
      const unknown = await client.post(`/stores/1/${path}`, { ...json, productId: 424_242 });
      expect(unknown).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/body/productId' }] },
      });
    }
  });

  it('refuse a product that was deleted', async () => {
    const deleted = { ...seedProduct(6), version: 2, deleted: true };
    await service.publish('product.deleted', deleted);
    await waitFor(async () => (await sell(client, 6, 1)).status === 422);
    const restock = await client.post('/stores/1/restocks', { productId: 6, quantity: 1 });
    expect(restock.status).toBe(422);
  });

  it('never sell more than there was, however many sell at once', async () => {
    let productId = 10;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 40 }),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 25 }),
        async (stock, quantities) => {
          productId += 1;
          await setStock(1, productId, stock);
          const answers = await Promise.all(
            quantities.map((quantity, index) =>
              sell(index % 2 === 0 ? client : other, productId, quantity),
            ),
          );
          const sold = answers.filter(({ status }) => status === 201);
          const refused = answers.filter(({ status }) => status === 409);
          expect(sold.length + refused.length).toBe(answers.length);
          const units = sold.reduce((sum, { body }) => sum + body.quantity, 0);
          expect(units).toBeLessThanOrEqual(stock);
          expect(await stockOf(1, productId)).toBe(stock - units);
          // What was refused did not fit: the greatest refusal is more than what is left.
          const smallest = Math.min(
            ...quantities.filter((_, index) => answers[index]?.status === 409),
          );
          expect(stock - units).toBeLessThan(smallest);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('keep the running totals equal to the sales, and lose no restock, under concurrency', async () => {
    const before = await stockOf(2, 7);
    await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const by = index % 2 === 0 ? client : other;
        const path = index % 3 === 0 ? 'restocks' : 'sales';
        return by.post(`/stores/2/${path}`, { productId: 7, quantity: 2 });
      }),
    );
    expect(await stockOf(2, 7)).toBe(before + 20 * 2 - 40 * 2);
    const [row] = await service.database.query(
      `SELECT sales_count = count(*) AND sold_units = sum(s.quantity)
         AND sold_cents = sum(s.quantity * unit_price_cents) AS equal
       FROM stock JOIN sales AS s USING (store_id, product_id)
       WHERE store_id = 2 AND product_id = 7 GROUP BY sales_count, sold_units, sold_cents`,
    );
    expect(row).toEqual({ equal: true });
  });

  it('show on every replica at once what one of them wrote', async () => {
    const stockSeen = async (by: Client) =>
      (await by.get<Schemas['StockPage']>('/stores/1/stock?limit=200')).body.items.find(
        ({ productId }) => productId === 8,
      )?.quantity;
    const newest = async (by: Client, path: string) =>
      (await by.get<Schemas['SalePage']>(`${path}?limit=1`)).body.items[0]?.id;

    for (let turn = 0; turn < 8; turn += 1) {
      for (const by of [client, other]) {
        await stockSeen(by);
        await newest(by, '/sales');
        await newest(by, '/stores/1/sales');
      }
      const { body } = await sell(turn % 2 === 0 ? client : other, 8, 1);
      const [writer, reader] = turn % 2 === 0 ? [client, other] : [other, client];
      expect(await stockSeen(writer)).toBe(body.stock);
      expect(await newest(writer, '/sales')).toBe(body.id);
      await waitFor(async () => (await stockSeen(reader)) === body.stock, 3000);
      await waitFor(async () => (await newest(reader, '/sales')) === body.id, 3000);
      await waitFor(async () => (await newest(reader, '/stores/1/sales')) === body.id, 3000);
    }
  });

  it('show a new price in the stock of every shop', async () => {
    const price = async (storeId: number) =>
      (await other.get<Schemas['StockPage']>(`/stores/${storeId}/stock?limit=200`)).body.items.find(
        ({ productId }) => productId === 9,
      )?.unitPrice;
    expect(await price(1)).toBe(Number(seedProduct(9).price));
    expect(await price(2)).toBe(Number(seedProduct(9).price));
    await service.publish('product.updated', { ...seedProduct(9), price: '0.99', version: 2 });
    await waitFor(async () => (await price(1)) === 0.99 && (await price(2)) === 0.99, 3000);
  });

  it('answer a page of stock from the cache while nothing changes', async () => {
    const path = '/stores/2/stock?limit=200';
    const { body } = await client.get<Schemas['StockPage']>(path);
    // Behind the service's back, so that it knows of no change.
    await service.database.query('UPDATE stock SET quantity = quantity + 1 WHERE store_id = 2');
    expect((await client.get(path)).body).toEqual(body);
  });
});
