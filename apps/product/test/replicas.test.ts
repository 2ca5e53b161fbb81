import { describeInBothWorlds } from '@woodytoys/app-testing';
import type { Replica, TestService } from '@woodytoys/app-testing';
import { waitFor } from '@woodytoys/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { startProductService } from './start.ts';

type Product = components['schemas']['Product'];
type ProductPage = components['schemas']['ProductPage'];

describeInBothWorlds('two replicas of the catalogue', (createWorld) => {
  let service: TestService;
  let writer: Replica;
  let reader: Replica;

  beforeAll(async () => {
    service = await startProductService(await createWorld(), 0.1);
    writer = await service.replica();
    reader = await service.replica();
  });
  afterAll(() => service?.close());

  const input = (price: number) => ({ name: 'Truck', price, category: 'vehicles' });
  const add = async () => (await writer.client.post<Product>('/products', input(1))).body;
  const seen = async (path: string) => (await reader.client.get<Product>(path)).body;

  it('forget a product on both when one of them replaces or deletes it', async () => {
    const { id } = await add();
    for (let price = 2; price < 12; price += 1) {
      expect((await seen(`/products/${id}`)).price).toBe(price - 1);
      await writer.client.put(`/products/${id}`, input(price));
      await waitFor(async () => (await seen(`/products/${id}`)).price === price);
    }
    await writer.client.delete(`/products/${id}`);
    await waitFor(async () => (await reader.client.get(`/products/${id}`)).status === 404);
  });

  it('forget that there was no product when one of them adds it', async () => {
    const { id } = await add();
    expect((await reader.client.get(`/products/${id + 1}`)).status).toBe(404);
    await add();
    await waitFor(async () => (await reader.client.get(`/products/${id + 1}`)).status === 200);
  });

  it('forget lists and the newest product when one of them writes', async () => {
    const category = 'replicated';
    const list = async () =>
      (await reader.client.get<ProductPage>(`/products?category=${category}`)).body.items;
    expect(await list()).toEqual([]);
    await seen('/products/last');
    const { body } = await writer.client.post<Product>('/products', { ...input(3), category });
    await waitFor(async () => (await list()).length === 1);
    await waitFor(async () => (await seen('/products/last')).id === body.id);
  });

  it('show a write at once where it was made, before any event of it is handled', async () => {
    const quiet = await startProductService(await createWorld(), 0.01);
    try {
      const { client } = await quiet.replica({ started: false });
      const price = async () => (await client.get<Product>('/products/1')).body.price;
      expect(await price()).toBe(19.99);
      for (let turn = 1; turn <= 5; turn += 1) {
        await client.put('/products/1', input(turn));
        expect(await price()).toBe(turn);
      }
      await client.delete('/products/1');
      expect((await client.get('/products/1')).status).toBe(404);
    } finally {
      await quiet.close();
    }
  });

  it('take turns when they replace the same product: no version is lost or given twice', async () => {
    const { id } = await add();
    const versions = await Promise.all(
      Array.from({ length: 40 }, async (_, turn) => {
        const { client } = turn % 2 === 0 ? writer : reader;
        const { status, body } = await client.put<Product>(`/products/${id}`, input(turn));
        expect(status).toBe(200);
        return body.version;
      }),
    );
    expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 2));
    await waitFor(async () => (await seen(`/products/${id}`)).version === 41);
  });

  it('let one writer of many win under the same If-Match', async () => {
    const { id } = await add();
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async (_, turn) => {
        const { client } = turn % 2 === 0 ? writer : reader;
        const headers = { 'if-match': '"1"' };
        return (await client.call('PUT', `/products/${id}`, { json: input(turn), headers })).status;
      }),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 412)).toHaveLength(19);
  });

  it('delete a product once, however many ask', async () => {
    const { id } = await add();
    const statuses = await Promise.all(
      Array.from({ length: 10 }, async (_, turn) => {
        const { client } = turn % 2 === 0 ? writer : reader;
        return (await client.delete(`/products/${id}`)).status;
      }),
    );
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    expect(statuses.filter((status) => status === 404)).toHaveLength(9);
  });
});
