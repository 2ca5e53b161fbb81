import { describeInBothWorlds } from '@woodytoys/app-testing';
import type { Replica, TestService } from '@woodytoys/app-testing';
import { enqueue } from '@woodytoys/database';
import type { Delivery } from '@woodytoys/messaging';
import { uniqueName, waitFor } from '@woodytoys/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { cacheQueue, productChanged } from '../src/events.ts';
import type { CatalogueFilled, ProductState } from '../src/events.ts';
import { selectProduct } from '../src/products-repository.ts';
import { startProductService } from './start.ts';

type Product = components['schemas']['Product'];

describeInBothWorlds('events of the catalogue', (createWorld) => {
  let service: TestService;
  let replica: Replica;

  beforeAll(async () => {
    service = await startProductService(await createWorld(), 1.2);
    replica = await service.replica();
  });
  afterAll(() => service?.close());

  /** What arrives in a queue of its own, bound like another service's. */
  async function listen<Body>(...routingKeys: string[]): Promise<readonly Delivery<Body>[]> {
    const name = uniqueName('test');
    const seen: Delivery<Body>[] = [];
    await replica.messaging.declare({
      exchanges: [{ name: 'woodytoys.events', type: 'topic' }],
      queues: [
        {
          name,
          bindings: routingKeys.map((routingKey) => ({ exchange: 'woodytoys.events', routingKey })),
          retryDelaysMs: [],
        },
      ],
    });
    await replica.messaging.consume<Body>(
      name,
      (delivery) => {
        seen.push(delivery);
        return Promise.resolve();
      },
      { prefetch: 100 },
    );
    return seen;
  }

  const input = { name: 'Truck', price: 5, description: 'Red.', category: 'vehicles' };

  it('tell of each write with the state after it and a version that grows by one', async () => {
    const seen = await listen<ProductState>('product.updated', 'product.deleted');
    const { client } = replica;
    const { id } = (await client.post<Product>('/products', input)).body;
    await client.put(`/products/${id}`, { ...input, price: 0.1 });
    await client.delete(`/products/${id}`);
    const told = await waitFor(() => {
      const ours = seen.filter(({ body }) => body.id === id);
      return ours.length === 3 ? ours : undefined;
    });
    const state = { id, name: 'Truck', description: 'Red.', category: 'vehicles' };
    expect(told.map(({ routingKey, body }) => ({ routingKey, body })).toSorted(byVersion)).toEqual([
      {
        routingKey: 'product.updated',
        body: { ...state, price: '5.00', version: 1, deleted: false },
      },
      {
        routingKey: 'product.updated',
        body: { ...state, price: '0.10', version: 2, deleted: false },
      },
      {
        routingKey: 'product.deleted',
        body: { ...state, price: '0.10', version: 3, deleted: true },
      },
    ]);
    await waitFor(async () => (await rowsOf('outbox')) === 0);
  });

  it('are not sent for a write that was refused', async () => {
    const seen = await listen<ProductState>('product.*');
    const { client } = replica;
    await client.put('/products/999999', input);
    await client.call('PUT', '/products/2', { json: input, headers: { 'if-match': '"9"' } });
    // The next event is of the next write, so nothing came before it.
    await client.put('/products/3', input);
    await waitFor(() => seen.length > 0);
    expect(seen.map(({ body }) => body.id)).toEqual([3]);
  });

  it('make a replica forget what it kept when the writer died before it could say so', async () => {
    const { client, database } = replica;
    expect((await client.get<Product>('/products/7')).body.version).toBe(1);
    await database.transaction(async (transaction) => {
      await transaction.query(
        "UPDATE products SET name = 'Renamed', version = version + 1 WHERE id = 7",
      );
      const renamed = await selectProduct(transaction, 7);
      if (renamed !== undefined) enqueue(transaction, productChanged(renamed));
    });
    await waitFor(async () => (await client.get<Product>('/products/7')).body.name === 'Renamed');
  });

  it('that name no product are given up at once, and the next are handled', async () => {
    const { messaging } = replica;
    const id = uuidv7();
    await messaging
      .publish({ id, exchange: 'woodytoys.events', routingKey: 'product.updated', body: 'junk' })
      .catch(() => undefined);
    const dead = await waitFor(async () =>
      (await messaging.deadLetters(cacheQueue, 10)).find((letter) => letter.id === id),
    );
    expect(dead).toMatchObject({ attempts: 1, body: 'junk' });
    expect(dead.reason).toContain('product.updated');
  });

  it('answer a request for the catalogue once, in pieces, with the deleted products', async () => {
    const { client, messaging } = replica;
    const { id } = (await client.post<Product>('/products', input)).body;
    await client.delete(`/products/${id}`);
    const seen = await listen<CatalogueFilled>('catalogue.filled');
    const request = () => ({
      id: uuidv7(),
      exchange: 'woodytoys.commands',
      routingKey: 'catalogue.requested',
      body: {},
      mandatory: true,
    });
    // The broker may deliver a message twice; only the first is answered.
    const first = request();
    await messaging.publish(first);
    await messaging.publish(first);
    // They are handled in turn, so once this one is answered, the repeated one has been.
    await messaging.publish(request());
    const rows = await rowsOf('products');
    await waitFor(() => productsOf(seen).length >= 2 * rows);
    await waitFor(async () => (await rowsOf('outbox')) === 0);

    for (const { body } of seen) expect(body.products.length).toBeLessThanOrEqual(500);
    const products = productsOf(seen).toSorted((a, b) => a.id - b.id);
    expect(products.map((product) => product.id)).toEqual(
      Array.from({ length: 2 * rows }, (_, index) => Math.floor(index / 2) + 1),
    );
    expect(products[0]).toEqual({
      id: 1,
      name: 'Product_1',
      price: '19.99',
      description: 'Number 1 of the catalogue, out of puzzles.',
      category: 'puzzles',
      version: 1,
      deleted: false,
    });
    expect(products.at(-1)).toMatchObject({ id, version: 2, deleted: true });
  });

  async function rowsOf(table: 'outbox' | 'products'): Promise<number> {
    const [row] = await replica.database.query<{ rows: number }>(
      `SELECT count(*) AS rows FROM ${table}`,
    );
    return row?.rows ?? 0;
  }
});

function productsOf(seen: readonly Delivery<CatalogueFilled>[]): ProductState[] {
  return seen.flatMap(({ body }) => body.products);
}

function byVersion(a: { body: ProductState }, b: { body: ProductState }): number {
  return a.body.version - b.body.version;
}
