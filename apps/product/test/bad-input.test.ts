import {
  createMemoryWorld,
  itRefusesBodies,
  itRefusesIds,
  itRefusesLongHeaders,
  itRefusesPages,
  itRefusesUnreadableBodies,
  refused,
} from '@woodytoys/app-testing';
import type { BadBody, Client, TestService } from '@woodytoys/app-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProductService } from './start.ts';

describe('bad input to the catalogue', () => {
  let service: TestService;
  let client: Client;

  beforeAll(async () => {
    service = await startProductService(createMemoryWorld(), 0.1);
    ({ client } = await service.replica());
  });
  afterAll(() => service?.close());

  const valid = { name: 'Truck', price: 12.5, description: 'Red.', category: 'vehicles' };
  const reading = { method: 'GET', path: '/products/{id}' };
  const replacement = { method: 'PUT', path: '/products/{id}', json: valid };
  const change = { method: 'PATCH', path: '/products/{id}', json: { price: 1 } };
  const deletion = { method: 'DELETE', path: '/products/{id}' };
  itRefusesIds(() => client, [reading, replacement, change, deletion], ['101']);

  const bodies: readonly BadBody[] = [
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
  ];
  const wholes = [
    { method: 'POST', path: '/products', json: valid },
    { ...replacement, path: '/products/1' },
  ];
  const writes = [...wholes, { ...change, path: '/products/1' }];
  itRefusesBodies(() => client, writes, bodies);
  itRefusesBodies(() => client, wholes, [
    ['no fields', {}, ['/body/name', '/body/price', '/body/category']],
  ]);
  itRefusesUnreadableBodies(() => client, writes);
  itRefusesPages(() => client, '/products', 'productId');
  itRefusesLongHeaders(() => client, '/products/1');

  it('counts characters, not UTF-16 units, as the database does', async () => {
    const name = '🧸'.repeat(200);
    expect((await client.post('/products', { ...valid, name })).status).toBe(201);
  });

  it('answers 400 to a category that is none', async () => {
    for (const category of ['%ff', '']) {
      const path = `/products?category=${category}`;
      expect(await refused(client, 'GET', path)).toMatchObject({ status: 400 });
    }
  });

  it('answers 404 to an unknown path and 405 with Allow to an unsupported method', async () => {
    expect(await refused(client, 'GET', '/toys')).toMatchObject({ status: 404 });
    expect(await refused(client, 'GET', '/products/1/price')).toMatchObject({ status: 404 });
    const { status, headers } = await client.call('POST', '/products/1', { json: valid });
    expect(status).toBe(405);
    expect(headers['allow']?.split(', ')).toEqual(
      expect.arrayContaining(['GET', 'PUT', 'PATCH', 'DELETE']),
    );
  });

  it('has harmed nothing', async () => {
    expect((await client.get('/products/1')).body).toMatchObject({ price: 19.99, version: 1 });
    expect((await client.get<{ items: unknown[] }>('/products?limit=200')).body.items).toHaveLength(
      101,
    );
  });
});
