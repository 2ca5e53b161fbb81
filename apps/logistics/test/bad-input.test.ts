import {
  createMemoryWorld,
  itRefusesBodies,
  itRefusesIds,
  itRefusesLongHeaders,
  itRefusesPages,
  itRefusesUnreadableBodies,
  refused,
} from '@woodytoys/app-testing';
import type { BadBody, Client } from '@woodytoys/app-testing';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLogisticsService } from './start.ts';
import type { LogisticsService } from './start.ts';

describe('bad input to the shops', () => {
  let service: LogisticsService;
  let client: Client;
  let before: unknown;

  const contents = () =>
    service.database.query(
      `SELECT (SELECT count(*) FROM sales) AS sales, (SELECT count(*) FROM restocks) AS restocks,
         (SELECT sum(quantity)::bigint FROM stock) AS stock,
         (SELECT count(*) FROM reports) AS reports,
         (SELECT count(*) FROM outbox WHERE routing_key <> 'catalogue.requested') AS outbox`,
    );

  beforeAll(async () => {
    service = await startLogisticsService(createMemoryWorld(), 0.1);
    await service.worker();
    ({ client } = await service.replica());
    await service.fillCatalogue();
    before = await contents();
  });
  afterAll(async () => {
    // Whatever was refused has changed nothing.
    expect(await contents()).toEqual(before);
    await service?.close();
  });

  const valid = { productId: 1, quantity: 1 };
  const movements = [
    { method: 'POST', path: '/stores/1/sales', json: valid },
    { method: 'POST', path: '/stores/1/restocks', json: valid },
  ];
  const ofStore = [
    { method: 'GET', path: '/stores/{id}' },
    { method: 'GET', path: '/stores/{id}/stock' },
    { method: 'GET', path: '/stores/{id}/sales' },
    { method: 'GET', path: '/stores/{id}/analytics' },
    { method: 'POST', path: '/stores/{id}/sales', json: valid },
    { method: 'POST', path: '/stores/{id}/restocks', json: valid },
  ];
  itRefusesIds(() => client, ofStore, ['3']);

  const reportPaths = (id: string) => [
    `/reports/${id}`,
    `/reports/${id}/events`,
    `/reports/${id}.csv`,
  ];
  const notReports = ['1', 'abc', uuidv4(), `${uuidv7()}0`, uuidv7().replaceAll('-', ''), '%00'];
  it.each(notReports)('answers 400 to the report %s', async (id) => {
    for (const path of reportPaths(id)) {
      expect(await refused(client, 'GET', path)).toMatchObject({
        status: 400,
        code: 'WT-PARAMETER-INVALID',
      });
    }
  });

  it('answers 404 to unknown reports', async () => {
    for (const path of reportPaths(uuidv7())) {
      expect(await refused(client, 'GET', path)).toMatchObject({
        status: 404,
        code: 'WT-RESOURCE-NOT-FOUND',
      });
    }
  });

  const bodies: readonly BadBody[] = [
    ['no fields', {}, ['/body/productId', '/body/quantity']],
    ['no quantity', { productId: 1 }, ['/body/quantity']],
    ['an unknown field', { ...valid, unitPrice: 0 }, ['/body/unitPrice']],
    ['a quantity of 0', { ...valid, quantity: 0 }, ['/body/quantity']],
    ['a negative quantity', { ...valid, quantity: -5 }, ['/body/quantity']],
    ['half a piece', { ...valid, quantity: 0.5 }, ['/body/quantity']],
    ['more than a million', { ...valid, quantity: 1_000_001 }, ['/body/quantity']],
    ['a quantity as text', { ...valid, quantity: '1' }, ['/body/quantity']],
    ['a null quantity', { ...valid, quantity: null }, ['/body/quantity']],
    ['a product of 0', { ...valid, productId: 0 }, ['/body/productId']],
    ['a product beyond 2^53', { ...valid, productId: 2 ** 53 }, ['/body/productId']],
    ['a product beyond 2^63', { ...valid, productId: 2 ** 63 }, ['/body/productId']],
    ['a product as text', { ...valid, productId: '1' }, ['/body/productId']],
    ['an unknown product', { ...valid, productId: 424_242 }, ['/body/productId']],
  ];
  itRefusesBodies(() => client, movements, bodies);
  itRefusesUnreadableBodies(() => client, [...movements, { method: 'POST', path: '/reports' }]);

  it('answers 422 to a report with wishes', async () => {
    expect(await refused(client, 'POST', '/reports', { json: { shops: [1] } })).toMatchObject({
      status: 422,
      pointers: ['/body/shops'],
    });
  });

  const lists: readonly [string, string][] = [
    ['/stores', 'storesAfter'],
    ['/stores/1/stock', 'stockAfter'],
    ['/stores/1/sales', 'salesBefore'],
    ['/sales', 'salesBefore'],
    ['/restocks', 'restocksBefore'],
  ];
  for (const [path, field] of lists) itRefusesPages(() => client, path, field);

  it.each(lists)('answers 200 to %s from a place outside of it', async (path, field) => {
    for (const place of [-1, 0, Number.MAX_SAFE_INTEGER]) {
      const cursor = Buffer.from(JSON.stringify({ [field]: place })).toString('base64url');
      expect((await client.get(`${path}?cursor=${cursor}`)).status).toBe(200);
    }
  });

  it.each(['0', '-1', '367', 'all', '1e1', ''])('answers 400 to %s days', async (days) => {
    expect(await refused(client, 'GET', `/stores/1/analytics?days=${days}`)).toMatchObject({
      status: 400,
      pointers: ['/query/days'],
    });
  });

  it('answers 404 to unknown paths, 405 with Allow to other methods', async () => {
    for (const path of ['/', '/store', '/stores/1/stock/1', '/stores/', '/reports//events']) {
      expect(await refused(client, 'GET', path)).toMatchObject({
        status: 404,
        code: 'WT-ROUTE-NOT-FOUND',
      });
    }
    const allowed: readonly [string, string, string][] = [
      ['DELETE', '/stores/1', 'GET, HEAD'],
      ['PUT', '/stores/1/sales', 'GET, HEAD, POST'],
      ['GET', '/stores/1/restocks', 'POST'],
      ['GET', '/reports', 'POST'],
      ['POST', '/reports/consolidated', 'GET, HEAD'],
      ['DELETE', `/reports/${uuidv7()}`, 'GET, HEAD'],
      ['POST', `/reports/${uuidv7()}/events`, 'GET'],
    ];
    for (const [method, path, allow] of allowed) {
      const { status, headers } = await client.call(method, path);
      expect({ status, allow: headers['allow'] }).toEqual({ status: 405, allow });
    }
  });

  itRefusesLongHeaders(() => client, '/stores');
});
