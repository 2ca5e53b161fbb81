import {
  createMemoryWorld,
  itRefusesBodies,
  itRefusesLongHeaders,
  itRefusesUnreadableBodies,
  refused,
} from '@woodytoys/app-testing';
import type { BadBody, Client } from '@woodytoys/app-testing';
import type { Database } from '@woodytoys/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOrderService } from './start.ts';
import type { OrderService } from './start.ts';

describe('bad input to the orders', () => {
  let service: OrderService;
  let client: Client;
  let database: Database;

  beforeAll(async () => {
    service = await startOrderService(createMemoryWorld());
    ({ client, database } = await service.replica());
  });
  afterAll(() => service?.close());

  it.each(['1', 'abc', '0199a6f4-3a5e-7c00-8000-00000000000', '%20'])(
    'answers 400 to the id %s',
    async (id) => {
      expect(await refused(client, 'GET', `/orders/${id}`)).toEqual({
        status: 400,
        code: 'WT-PARAMETER-INVALID',
        pointers: ['/path/id'],
      });
    },
  );

  it.each(['', `?name=${'x'.repeat(101)}`, '?name='])(
    'answers 400 to the name of a computation: "%s"',
    async (query) => {
      expect(await refused(client, 'GET', `/misc/heavy${query}`)).toMatchObject({
        status: 400,
        pointers: ['/query/name'],
      });
    },
  );

  const bodies: readonly BadBody[] = [
    ['no fields', {}, ['/body/product']],
    ['an unknown field', { product: 'x', colour: 'red' }, ['/body/colour']],
    ['a field that only the service sets', { product: 'x', status: 'validated' }, ['/body/status']],
    ['a number for the product', { product: 5 }, ['/body/product']],
    ['an empty product', { product: '' }, ['/body/product']],
    ['a product of 201 characters', { product: 'x'.repeat(201) }, ['/body/product']],
    ['a product of two lines', { product: 'a\nb' }, ['/body/product']],
  ];
  const creation = { method: 'POST', path: '/orders', json: { product: 'x' } };
  itRefusesBodies(() => client, [creation], bodies);
  itRefusesUnreadableBodies(() => client, [creation]);
  itRefusesLongHeaders(() => client, '/misc/time');

  it('has harmed nothing', async () => {
    expect(await database.query('SELECT id FROM orders')).toEqual([]);
    expect(await database.query('SELECT id FROM outbox')).toEqual([]);
  });
});
