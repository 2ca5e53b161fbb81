import type { CallOptions, Client } from '@woodytoys/app-testing';
import { createMemoryWorld } from '@woodytoys/app-testing';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLogisticsService } from './start.ts';
import type { LogisticsService } from './start.ts';

interface Problem {
  readonly type: string;
  readonly errors?: readonly { readonly pointer: string }[];
}

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

  async function refused(
    method: string,
    path: string,
    options: CallOptions = {},
  ): Promise<{ status: number; code: string; pointers: readonly string[] }> {
    const { status, headers, body } = await client.call<Problem>(method, path, options);
    expect(headers['content-type']).toBe('application/problem+json');
    return {
      status,
      code: body.type.replace('urn:woodytoys:problem:', ''),
      pointers: (body.errors ?? []).map(({ pointer }) => pointer),
    };
  }

  const valid = { productId: 1, quantity: 1 };
  const ofStore: readonly [string, string][] = [
    ['GET', ''],
    ['GET', '/stock'],
    ['GET', '/sales'],
    ['GET', '/analytics'],
    ['POST', '/sales'],
    ['POST', '/restocks'],
  ];
  const bodyFor = (method: string) => (method === 'POST' ? { json: valid } : {});

  const ids = [
    '0',
    '-1',
    'abc',
    '1e3',
    '01',
    '1.0',
    '%20',
    '9007199254740992',
    '9223372036854775808',
  ];
  it.each(ids)('is answered with 400 for the shop %s, whatever is asked of it', async (id) => {
    for (const [method, path] of ofStore) {
      expect(await refused(method, `/stores/${id}${path}`, bodyFor(method))).toEqual({
        status: 400,
        code: 'WT-PARAMETER-INVALID',
        pointers: ['/path/id'],
      });
    }
  });

  it('is answered with 404 for unknown shops, the greatest id included', async () => {
    for (const id of ['3', '9007199254740991']) {
      for (const [method, path] of ofStore) {
        expect(await refused(method, `/stores/${id}${path}`, bodyFor(method))).toMatchObject({
          status: 404,
          code: 'WT-RESOURCE-NOT-FOUND',
        });
      }
    }
  });

  const reportPaths = (id: string) => [
    `/reports/${id}`,
    `/reports/${id}/events`,
    `/reports/${id}.csv`,
  ];
  const notReports = ['1', 'abc', uuidv4(), `${uuidv7()}0`, uuidv7().replaceAll('-', ''), '%00'];
  it.each(notReports)('is answered with 400 for the report %s', async (id) => {
    for (const path of reportPaths(id)) {
      expect(await refused('GET', path)).toMatchObject({
        status: 400,
        code: 'WT-PARAMETER-INVALID',
      });
    }
  });

  it('is answered with 404 for unknown reports', async () => {
    for (const path of reportPaths(uuidv7())) {
      expect(await refused('GET', path)).toMatchObject({
        status: 404,
        code: 'WT-RESOURCE-NOT-FOUND',
      });
    }
  });

  const bodies: readonly [string, unknown, readonly string[]][] = [
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
    ['a list', [valid], ['/body']],
    ['null', null, ['/body']],
  ];
  it.each(bodies)('is answered with 422 for a body with %s', async (_, json, pointers) => {
    for (const path of ['/stores/1/sales', '/stores/1/restocks']) {
      const answer = await refused('POST', path, { json });
      expect(answer).toMatchObject({ status: 422, code: 'WT-BODY-INVALID' });
      expect(new Set(answer.pointers)).toEqual(new Set(pointers));
    }
  });

  it('is answered with 422 for a report with wishes', async () => {
    expect(await refused('POST', '/reports', { json: { shops: [1] } })).toMatchObject({
      status: 422,
      pointers: ['/body/shops'],
    });
  });

  const posts = ['/stores/1/sales', '/stores/1/restocks', '/reports'];
  it.each(posts)('is answered with 400, 413 and 415 by POST %s', async (path) => {
    const headers = { 'content-type': 'application/json' };
    for (const raw of ['{"productId":', 'productId=1', Buffer.from([0x22, 0xff, 0x22])]) {
      expect(await refused('POST', path, { raw, headers })).toMatchObject({ status: 400 });
    }
    const json = { ...valid, note: 'x'.repeat(100_001) };
    expect(await refused('POST', path, { json })).toMatchObject({ status: 413 });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const raw = JSON.stringify(valid);
      const options = { raw, headers: { 'content-type': type } };
      expect(await refused('POST', path, options)).toMatchObject({ status: 415 });
    }
  });

  const lists = ['/stores', '/stores/1/stock', '/stores/1/sales', '/sales', '/restocks'];
  it.each(lists)('is answered with 400 for a limit of %s that is none', async (path) => {
    for (const limit of ['0', '-1', '201', '100000', 'ten', '1e2', '5.5', '', '50&limit=51']) {
      expect(await refused('GET', `${path}?limit=${limit}`)).toMatchObject({
        status: 400,
        pointers: ['/query/limit'],
      });
    }
    expect(await refused('GET', `${path}?page=2`)).toMatchObject({
      status: 400,
      pointers: ['/query/page'],
    });
  });

  it.each(['0', '-1', '367', 'all', '1e1', ''])(
    'is answered with 400 for %s days',
    async (days) => {
      expect(await refused('GET', `/stores/1/analytics?days=${days}`)).toMatchObject({
        status: 400,
        pointers: ['/query/days'],
      });
    },
  );

  const forge = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  it.each(lists)('is answered with 400 for a forged cursor of %s', async (path) => {
    const field =
      path === '/stores'
        ? 'storesAfter'
        : path === '/restocks'
          ? 'restocksBefore'
          : path.endsWith('/stock')
            ? 'stockAfter'
            : 'salesBefore';
    const cursors = [
      'hello',
      '',
      '!!!!',
      'a'.repeat(600),
      forge({ userId: 5 }),
      forge({ [field]: '5' }),
      forge({ [field]: 1.5 }),
      forge({ [field]: 5, admin: true }),
      forge({ [field]: '0; DROP TABLE sales' }),
      forge([5]),
      forge(null),
      Buffer.from(`{"${field}":9223372036854775808}`).toString('base64url'),
    ];
    for (const cursor of cursors) {
      const answer = await refused('GET', `${path}?cursor=${encodeURIComponent(cursor)}`);
      expect(answer).toMatchObject({ status: 400, pointers: ['/query/cursor'] });
    }
    // A place outside of the list is a place all the same.
    for (const place of [-1, 0, Number.MAX_SAFE_INTEGER]) {
      const { status } = await client.get(`${path}?cursor=${forge({ [field]: place })}`);
      expect(status).toBe(200);
    }
  });

  it('is answered with 404 for unknown paths, with 405 and Allow for other methods', async () => {
    for (const path of ['/', '/store', '/stores/1/stock/1', '/stores/', '/reports//events']) {
      expect(await refused('GET', path)).toMatchObject({
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

  it('is answered with 431 for headers over the limit', async () => {
    const headers = { 'x-long': 'x'.repeat(20_000) };
    expect(await refused('GET', '/stores', { headers })).toMatchObject({ status: 431 });
  });
});
