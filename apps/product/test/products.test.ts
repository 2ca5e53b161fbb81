import { describeInBothWorlds } from '@woodytoys/app-testing';
import type { Client, TestService } from '@woodytoys/app-testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { startProductService } from './start.ts';

type Product = components['schemas']['Product'];
type LastProduct = components['schemas']['LastProduct'];
type ProductPage = components['schemas']['ProductPage'];

describeInBothWorlds('the catalogue', (createWorld) => {
  let service: TestService;
  let client: Client;

  beforeAll(async () => {
    service = await startProductService(await createWorld(), 0.1);
    ({ client } = await service.replica());
  });
  afterAll(() => service?.close());

  const truck = { name: 'Truck', price: 12.5, description: 'Red.', category: 'vehicles' };
  const add = async (input: object = truck) => {
    const { status, body } = await client.post<Product>('/products', input);
    expect(status).toBe(201);
    return body;
  };

  it('has the seed: product 1 is Product_1 at 19.99', async () => {
    const { status, headers, body } = await client.get<Product>('/products/1');
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: 1, name: 'Product_1', price: 19.99, version: 1 });
    expect(headers['etag']).toBe('"1"');
  });

  it('adds a product, says where it is, and answers it afterwards', async () => {
    const { status, headers, body } = await client.post<Product>('/products', truck);
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...truck, version: 1 });
    expect(headers['location']).toBe(`/api/products/${body.id}`);
    expect((await client.get(`/products/${body.id}`)).body).toEqual(body);
  });

  it('finds a product whose id was asked for before there was one', async () => {
    const { id } = await add();
    const next = id + 1;
    expect((await client.get(`/products/${next}`)).status).toBe(404);
    expect(await add()).toMatchObject({ id: next });
    expect((await client.get(`/products/${next}`)).status).toBe(200);
  });

  it('gives an empty description to a product that is added or replaced without one', async () => {
    const { name, price, category } = truck;
    const { id, description } = await add({ name, price, category });
    expect(description).toBe('');
    await client.put(`/products/${id}`, truck);
    const { body } = await client.put<Product>(`/products/${id}`, { name, price, category });
    expect(body.description).toBe('');
  });

  it('replaces a product as a whole and shows it at once', async () => {
    const { id, createdAt } = await add();
    await client.get(`/products/${id}`);
    const wanted = { name: 'Lorry', price: 0.1, description: '', category: 'outdoor' };
    const { status, headers, body } = await client.put<Product>(`/products/${id}`, wanted);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, ...wanted, version: 2, createdAt });
    expect(Date.parse(body.updatedAt)).toBeGreaterThanOrEqual(Date.parse(createdAt));
    expect(headers['etag']).toBe('"2"');
    expect((await client.get(`/products/${id}`)).body).toEqual(body);
  });

  it.each(['application/merge-patch+json', 'application/json; charset=utf-8'])(
    'changes the fields of a patch as %s, and leaves the others as they are',
    async (contentType) => {
      const { id } = await add();
      await client.get(`/products/${id}`);
      const patch = async (changes: object) => {
        const raw = JSON.stringify(changes);
        const headers = { 'content-type': contentType };
        return client.call<Product>('PATCH', `/products/${id}`, { raw, headers });
      };
      const { status, headers, body } = await patch({ price: 23.45, name: 'Lorry' });
      expect(status).toBe(200);
      expect(headers['etag']).toBe('"2"');
      expect(body).toMatchObject({ ...truck, price: 23.45, name: 'Lorry', version: 2 });
      expect((await client.get(`/products/${id}`)).body).toEqual(body);
      const { body: emptied } = await patch({ description: null, category: 'outdoor' });
      const wanted = { id, name: 'Lorry', price: 23.45, description: '', category: 'outdoor' };
      expect(emptied).toMatchObject({ ...wanted, version: 3 });
      expect((await patch({})).body).toMatchObject({ ...wanted, version: 4 });
    },
  );

  it('deletes a product, which is gone at once and for good', async () => {
    const { id } = await add();
    await client.get(`/products/${id}`);
    expect((await client.delete(`/products/${id}`)).status).toBe(204);
    expect((await client.get(`/products/${id}`)).status).toBe(404);
    expect((await client.put(`/products/${id}`, truck)).status).toBe(404);
    expect((await client.call('PATCH', `/products/${id}`, { json: {} })).status).toBe(404);
    expect((await client.delete(`/products/${id}`)).status).toBe(404);
    expect((await add()).id).toBeGreaterThan(id);
  });

  it('names the newest product, with their number, through additions, replacements and deletions', async () => {
    const older = await add();
    const { body: last } = await client.get<LastProduct>('/products/last');
    const { count } = last;
    expect(last).toEqual({ ...older, count });
    const newer = await add({ ...truck, name: 'Newer' });
    expect((await client.get('/products/last')).body).toEqual({ ...newer, count: count + 1 });
    const { body: replaced } = await client.put<Product>(`/products/${newer.id}`, truck);
    expect((await client.get('/products/last')).body).toEqual({ ...replaced, count: count + 1 });
    await client.delete(`/products/${newer.id}`);
    expect((await client.get('/products/last')).body).toEqual({ ...older, count });
  });

  it('has no newest product when it is empty, and has one again with the first', async () => {
    const empty = await startProductService(await createWorld(), 0.001);
    try {
      const { client: only } = await empty.replica();
      expect((await only.delete('/products/1')).status).toBe(204);
      expect((await only.get('/products/last')).status).toBe(404);
      expect((await only.get('/products')).body).toEqual({ items: [], nextCursor: null });
      expect((await only.post('/products', truck)).body).toMatchObject({ id: 2 });
      expect((await only.get('/products/last')).body).toMatchObject({ id: 2 });
    } finally {
      await empty.close();
    }
  });

  it('lists a category, with each write in it at once', async () => {
    const category = 'model railways / H0';
    const path = `/products?category=${encodeURIComponent(category)}`;
    const list = async () => (await client.get<ProductPage>(path)).body;
    expect(await list()).toEqual({ items: [], nextCursor: null });
    const first = await add({ ...truck, category });
    const second = await add({ ...truck, category });
    expect((await list()).items).toEqual([first, second]);
    await client.put(`/products/${first.id}`, truck);
    expect((await list()).items).toEqual([second]);
    await client.delete(`/products/${second.id}`);
    expect((await list()).items).toEqual([]);
  });

  it('writes under If-Match only the version that it names', async () => {
    const { id } = await add();
    const path = `/products/${id}`;
    const put = (tag: string) =>
      client.call('PUT', path, { json: truck, headers: { 'if-match': tag } });
    expect((await put('"2"')).status).toBe(412);
    expect((await put('W/"1"')).status).toBe(412);
    expect((await put('"1"')).status).toBe(200);
    expect((await put('"1"')).status).toBe(412);
    expect((await put('*')).status).toBe(200);
    expect((await put('"7", "3"')).status).toBe(200);
    const patch = (tag: string) =>
      client.call('PATCH', path, { json: { price: 1 }, headers: { 'if-match': tag } });
    expect((await patch('"3"')).status).toBe(412);
    const remove = (tag: string) => client.call('DELETE', path, { headers: { 'if-match': tag } });
    expect((await remove('"3"')).status).toBe(412);
    expect((await remove('"4"')).status).toBe(204);
    expect((await put('"4"')).status).toBe(404);
  });

  it('keeps every price of two decimals exactly', async () => {
    for (const price of [0, 0.01, 0.1, 0.29, 1.005e3, 1234567.89, 9_999_999_999.99]) {
      const { id, price: answered } = await add({ ...truck, price });
      expect(answered).toBe(price);
      expect((await client.get<Product>(`/products/${id}`)).body.price).toBe(price);
    }
  });

  it('keeps text of any script, quotes and markup as it came', async () => {
    const name = `Zoë's "Öko" <b>玩具</b> 🧸 ${'x'.repeat(160)}`;
    const description = "line 1\nline 2\t'; DROP TABLE products; --";
    const { id } = await add({ ...truck, name, description });
    expect((await client.get<Product>(`/products/${id}`)).body).toMatchObject({
      name,
      description,
    });
  });
});
