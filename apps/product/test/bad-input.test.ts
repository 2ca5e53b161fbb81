import type { CallOptions, Client } from '@woodytoys/app-testing';
import { createMemoryWorld } from '@woodytoys/app-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProductService } from './start.ts';
import type { ProductService } from './start.ts';

interface Problem {
  readonly type: string;
  readonly errors?: readonly { readonly pointer: string }[];
}

describe('bad input to the catalogue', () => {
  let service: ProductService;
  let client: Client;

  beforeAll(async () => {
    service = await startProductService(createMemoryWorld(), 0.1);
    ({ client } = await service.replica());
  });
  afterAll(() => service?.close());

  const valid = { name: 'Truck', price: 12.5, description: 'Red.', category: 'vehicles' };

  async function refused(
    method: string,
    path: string,
    options: CallOptions,
  ): Promise<{ status: number; code: string; pointers: readonly string[] }> {
    const { status, headers, body } = await client.call<Problem>(method, path, options);
    expect(headers['content-type']).toBe('application/problem+json');
    return {
      status,
      code: body.type.replace('urn:woodytoys:problem:', ''),
      pointers: (body.errors ?? []).map(({ pointer }) => pointer),
    };
  }

  const ids = ['0', '-1', 'abc', '1e3', '01', '1.0', '9007199254740992', '9223372036854775808'];
  it.each(ids)('answers 400 to the id %s, whatever the method', async (id) => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const options = method === 'PUT' ? { json: valid } : {};
      expect(await refused(method, `/products/${id}`, options)).toEqual({
        status: 400,
        code: 'WT-PARAMETER-INVALID',
        pointers: ['/path/id'],
      });
    }
  });

  it('answers 404 to unknown ids, the greatest included', async () => {
    for (const id of ['101', '9007199254740991']) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const options = method === 'PUT' ? { json: valid } : {};
        expect(await refused(method, `/products/${id}`, options)).toMatchObject({
          status: 404,
          code: 'WT-RESOURCE-NOT-FOUND',
        });
      }
    }
  });

  const bodies: readonly [string, unknown, readonly string[]][] = [
    ['no fields', {}, ['/body/name', '/body/price', '/body/category']],
    ['an unknown field', { ...valid, colour: 'red' }, ['/body/colour']],
    ['a field that only the service sets', { ...valid, version: 7 }, ['/body/version']],
    ['a price as text', { ...valid, price: '12.5' }, ['/body/price']],
    ['a price with three decimals', { ...valid, price: 19.999 }, ['/body/price']],
    ['a price that is close to two decimals', { ...valid, price: 0.1 + 0.2 }, ['/body/price']],
    ['a price below a cent', { ...valid, price: 1e-7 }, ['/body/price']],
    ['a negative price', { ...valid, price: -0.01 }, ['/body/price']],
    ['a price beyond its column', { ...valid, price: 1e10 }, ['/body/price']],
    ['a null name', { ...valid, name: null }, ['/body/name']],
    ['a name of 201 characters', { ...valid, name: 'x'.repeat(201) }, ['/body/name']],
    ['a blank name', { ...valid, name: '  ' }, ['/body/name']],
    ['a line break in the name', { ...valid, name: 'a\nb' }, ['/body/name']],
    ['a long description', { ...valid, description: 'x'.repeat(2001) }, ['/body/description']],
    ['a NUL in the description', { ...valid, description: 'a\0b' }, ['/body/description']],
    ['an empty category', { ...valid, category: '' }, ['/body/category']],
    ['a list', [valid], ['/body']],
    ['null', null, ['/body']],
  ];
  it.each(bodies)('answers 422 to a body with %s', async (_, json, pointers) => {
    for (const [method, path] of [
      ['POST', '/products'],
      ['PUT', '/products/1'],
    ] as const) {
      const answer = await refused(method, path, { json });
      expect(answer).toMatchObject({ status: 422, code: 'WT-BODY-INVALID' });
      expect(new Set(answer.pointers)).toEqual(new Set(pointers));
    }
  });

  it('counts characters, not UTF-16 units, as the database does', async () => {
    const name = '🧸'.repeat(200);
    expect((await client.post('/products', { ...valid, name })).status).toBe(201);
  });

  it('answers 400 to a body that is no JSON', async () => {
    for (const raw of ['{"name":', '', 'name=Truck', Buffer.from([0x22, 0xff, 0x22])]) {
      const headers = { 'content-type': 'application/json' };
      expect(await refused('POST', '/products', { raw, headers })).toMatchObject({ status: 400 });
    }
  });

  it('answers 413 to a body over 100 kB', async () => {
    const json = { ...valid, description: 'x'.repeat(100_001) };
    expect(await refused('POST', '/products', { json })).toMatchObject({ status: 413 });
  });

  it('answers 415 to a body that is not application/json', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      const raw = JSON.stringify(valid);
      const headers = { 'content-type': type };
      expect(await refused('POST', '/products', { raw, headers })).toMatchObject({ status: 415 });
    }
  });

  it.each(['0', '-1', '201', '100000', 'ten', '1e2', '5.5', ''])(
    'answers 400 to the limit "%s"',
    async (limit) => {
      expect(await refused('GET', `/products?limit=${limit}`, {})).toMatchObject({
        status: 400,
        pointers: ['/query/limit'],
      });
    },
  );

  const forge = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const cursors: readonly [string, string][] = [
    ['plain text', 'hello'],
    ['nothing', ''],
    ['another list', forge({ userId: 5 })],
    ['text for the id', forge({ productId: '5' })],
    ['a fraction', forge({ productId: 1.5 })],
    ['an id beyond 2^53', '{"productId":9223372036854775808}'],
    ['a further field', forge({ productId: 5, admin: true })],
    ['SQL', forge({ productId: '0; DROP TABLE products' })],
    ['a list', forge([5])],
    ['null', forge(null)],
    ['600 characters', 'a'.repeat(600)],
    ['another alphabet', '!!!!'],
  ];
  it.each(cursors)('answers 400 to a forged cursor: %s', async (_, cursor) => {
    const path = `/products?cursor=${encodeURIComponent(cursor)}`;
    expect(await refused('GET', path, {})).toMatchObject({
      status: 400,
      pointers: ['/query/cursor'],
    });
  });

  it('answers 400 to unknown, repeated and unreadable query parameters', async () => {
    for (const query of ['page=2', 'limit=1&limit=2', 'category=%ff', 'category=']) {
      expect(await refused('GET', `/products?${query}`, {})).toMatchObject({ status: 400 });
    }
  });

  it('answers 404 to an unknown path and 405 with Allow to an unsupported method', async () => {
    expect(await refused('GET', '/toys', {})).toMatchObject({ status: 404 });
    expect(await refused('GET', '/products/1/price', {})).toMatchObject({ status: 404 });
    const { status, headers } = await client.call('PATCH', '/products/1', { json: valid });
    expect(status).toBe(405);
    expect(headers['allow']?.split(', ')).toEqual(expect.arrayContaining(['GET', 'PUT', 'DELETE']));
  });

  it('answers 431 to headers over the limit', async () => {
    const headers = { 'x-padding': 'x'.repeat(20_000) };
    expect(await refused('GET', '/products/1', { headers })).toMatchObject({ status: 431 });
  });

  it('has harmed nothing', async () => {
    expect((await client.get('/products/1')).body).toMatchObject({ price: 19.99, version: 1 });
    expect((await client.get<{ items: unknown[] }>('/products?limit=200')).body.items).toHaveLength(
      101,
    );
  });
});
