import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { GatewayConfigError } from '../src/app.ts';
import { startBackend } from './support/backend.ts';
import { contractFile, shopContract, shopGateway } from './support/contract.ts';
import { problemOf, sendRaw, startGateway } from './support/gateway.ts';

const wholeShop = '  - contract: { upstream: shop, prefix: /api }\n    incoming: [validate]';

async function startShop(routes = wholeShop, contract = shopContract) {
  const backend = await startBackend();
  const gateway = await startGateway(shopGateway(backend.url, routes, contractFile(contract)));
  return { ...gateway, backend };
}

async function refused(response: Response, status: number, code: string) {
  const problem = await problemOf(response);
  expect({ status: response.status, type: problem['type'] }).toEqual({
    status,
    type: `urn:woodytoys:problem:${code}`,
  });
  return problem['errors'];
}

describe('parameters of a call', () => {
  const tenant = { headers: { 'x-tenant': 't1' } };

  it('that are as the contract has them pass, unknown ones of the query too', async () => {
    const { url, backend } = await startShop();
    const target = '/orders?limit=200&state=open&state=sent&ids=1,2,3&exact=true&utm_source=a%20b';
    expect((await fetch(`${url}/api${target}`, tenant)).status).toBe(200);
    expect((await fetch(`${url}/api/orders/7`)).status).toBe(200);
    expect((await fetch(`${url}/api/orders`, { ...tenant, method: 'HEAD' })).status).toBe(200);
    expect(backend.seen.map((request) => request.url)).toEqual([target, '/orders/7', '/orders']);
  });

  it('are told by JSON pointer, all at once, and reach no service', async () => {
    const { url, backend, metric } = await startShop();
    const response = await fetch(
      `${url}/api/orders?limit=0&state=open&state=lost&ids=1,x&exact=maybe`,
      { headers: { 'x-tenant': 'nobody' } },
    );
    expect(await refused(response, 400, 'WT-PARAMETER-INVALID')).toEqual([
      { pointer: '/query/limit', detail: 'must be >= 1' },
      { pointer: '/query/state/1', detail: 'must be one of "open", "sent"' },
      { pointer: '/query/ids/1', detail: 'must be a whole number in digits, at most 2^53-1' },
      { pointer: '/query/exact', detail: 'must be true or false' },
      { pointer: '/header/x-tenant', detail: 'must match pattern "^t[0-9]+$"' },
    ]);
    expect(await refused(await fetch(`${url}/api/orders`), 400, 'WT-PARAMETER-INVALID')).toEqual([
      { pointer: '/header/x-tenant', detail: 'is missing' },
    ]);
    expect(await refused(await fetch(`${url}/api/orders/x`), 400, 'WT-PARAMETER-INVALID')).toEqual([
      { pointer: '/path/order-id', detail: 'must be a whole number in digits, at most 2^53-1' },
    ]);
    expect(backend.seen).toEqual([]);
    const labels = { decider: 'validate', outcome: 'refused', http_route: '/api/orders' };
    expect(await metric('gateway_decisions_total', labels)).toBe(2);
  });

  it.each(['1e3', '01', '+1', '0x1', '1.0', '-0', '٣', '9007199254740993', ' 1', ''])(
    'an integer has digits only, not %j',
    async (text) => {
      const { url, backend } = await startShop();
      const response = await fetch(`${url}/api/orders?limit=${encodeURIComponent(text)}`, tenant);
      expect(await refused(response, 400, 'WT-PARAMETER-INVALID')).toEqual([
        { pointer: '/query/limit', detail: 'must be a whole number in digits, at most 2^53-1' },
      ]);
      expect(backend.seen).toEqual([]);
    },
  );

  it('a scalar given twice, and what is not percent-encoded UTF-8, cannot be read', async () => {
    const { url } = await startShop();
    const errors = async (query: string) =>
      refused(await fetch(`${url}/api/orders?${query}`, tenant), 400, 'WT-PARAMETER-INVALID');
    expect(await errors('limit=1&limit=2')).toEqual([
      { pointer: '/query/limit', detail: 'is given more than once' },
    ]);
    expect(await errors('limit=%FF')).toEqual([
      {
        pointer: '/query/limit',
        detail: 'is not percent-encoded UTF-8, or holds a NUL character',
      },
    ]);
  });

  it('that are not known are refused where the contract is closed', async () => {
    const { url, backend } = await startShop();
    const remove = (query: string) => fetch(`${url}/api/orders/7${query}`, { method: 'DELETE' });
    expect(await refused(await remove('?force=1'), 400, 'WT-PARAMETER-INVALID')).toEqual([
      { pointer: '/query/force', detail: 'is not a known parameter' },
    ]);
    expect((await remove('')).status).toBe(200);
    expect(backend.seen).toHaveLength(1);
  });

  it('are read in every style that a contract may ask for', async () => {
    const contract = `openapi: 3.1.0
paths:
  /find/{ids}:
    get:
      operationId: find
      parameters:
        - { name: ids, in: path, required: true, schema: { type: array, items: { type: integer } } }
        - { name: pipes, in: query, style: pipeDelimited, explode: false, schema: { type: array, items: { type: integer } } }
        - { name: spaces, in: query, style: spaceDelimited, explode: false, schema: { type: array, items: { type: integer } } }
        - { name: X-Sizes, in: header, schema: { type: array, items: { type: integer } } }
        - { name: where, in: query, style: deepObject, schema: { type: object, properties: { age: { type: integer } }, additionalProperties: false } }
        - { name: filter, in: query, content: { application/json: { schema: { type: object, required: [a] } } } }
        - { name: either, in: query, schema: { anyOf: [{ type: integer }, { type: boolean }] } }
        - { name: rest, in: query, schema: { type: object, properties: { depth: { type: integer } }, additionalProperties: false } }
`;
    const { url } = await startShop(wholeShop, contract);
    const find = (path: string, sizes = '1, 2') =>
      fetch(`${url}/api/find/${path}`, { headers: { 'x-sizes': sizes } });
    const good =
      '1,2?pipes=1|2&spaces=1%202&where[age]=3&filter=%7B%22a%22:1%7D&either=true&depth=4';
    expect((await find(good)).status).toBe(200);
    const bad =
      '1,b?pipes=1|b&spaces=b%202&where[age]=b&where[name]=c&filter=%7B%7D&either=b&depth=b&toString=1';
    const errors = (await refused(await find(bad, '1,b'), 400, 'WT-PARAMETER-INVALID')) as {
      pointer: string;
    }[];
    expect(new Set(errors.map(({ pointer }) => pointer))).toEqual(
      new Set([
        ...['/path/ids/1', '/query/pipes/1', '/query/spaces/0', '/query/where/age'],
        ...['/query/where/name', '/query/filter/a', '/query/either', '/query/depth'],
        ...['/query/toString', '/header/x-sizes/1'],
      ]),
    );
  });
});

describe('the body of a call', () => {
  const post = (url: string, body: string | Buffer, headers: Record<string, string> = {}) =>
    fetch(`${url}/api/orders`, {
      method: 'POST',
      body: body as string,
      headers: { 'content-type': 'application/json', ...headers },
    });
  const order = { lines: [{ product: 1, quantity: 2 }] };

  it('that is as the contract has it passes as it came', async () => {
    const { url, backend } = await startShop();
    const text = ` {"lines":[{"product":1,  "quantity":2}]}`;
    expect((await post(url, text)).status).toBe(200);
    expect(
      (await post(url, text, { 'content-type': 'application/json; charset=UTF-8' })).status,
    ).toBe(200);
    expect(backend.seen.map(({ body }) => body)).toEqual([text, text]);
  });

  it('that breaks its schema is 422 with JSON pointers, also deep in what refers to itself', async () => {
    const { url, backend } = await startShop();
    const bad = {
      lines: [{ product: 1, quantity: 0 }],
      replaces: { lines: [], replaces: { lines: [{ product: '1' }], colour: 'red' } },
    };
    const response = await post(url, JSON.stringify(bad));
    expect(await refused(response, 422, 'WT-BODY-INVALID')).toEqual([
      { pointer: '/body/lines/0/quantity', detail: 'must be >= 1' },
      { pointer: '/body/replaces/lines', detail: 'must NOT have fewer than 1 items' },
      { pointer: '/body/replaces/replaces/colour', detail: 'is not a known field' },
      { pointer: '/body/replaces/replaces/lines/0/quantity', detail: 'is missing' },
      {
        pointer: '/body/replaces/replaces/lines/0/product',
        detail: 'must be a whole number in digits, at most 2^53-1',
      },
    ]);
    expect(backend.seen).toEqual([]);
  });

  it('that is no JSON, or nested too deep, is 400', async () => {
    const { url } = await startShop();
    for (const text of ['{"lines":', '', '['.repeat(40_000) + ']'.repeat(40_000)]) {
      await refused(await post(url, text), 400, 'WT-BODY-MALFORMED');
    }
    await refused(await post(url, Buffer.from([0x22, 0xff, 0x22])), 400, 'WT-BODY-MALFORMED');
  });

  it('of another content type is 415, which tells those that may be sent', async () => {
    const { url, backend } = await startShop();
    const response = await post(url, '<a/>', { 'content-type': 'application/xml' });
    expect(response.headers.get('accept')).toBe('application/json, text/csv');
    await refused(response, 415, 'WT-MEDIA-TYPE-UNSUPPORTED');
    await refused(await post(url, '{}', { 'content-type': '' }), 415, 'WT-MEDIA-TYPE-UNSUPPORTED');
    const charset = { 'content-type': 'application/json; charset=latin1' };
    await refused(await post(url, '{}', charset), 415, 'WT-MEDIA-TYPE-UNSUPPORTED');
    const encoded = { 'content-encoding': 'lzma' };
    await refused(await post(url, '{}', encoded), 415, 'WT-MEDIA-TYPE-UNSUPPORTED');
    expect(backend.seen).toEqual([]);
  });

  it('of a type without a schema passes as a stream', async () => {
    const { url, backend } = await startShop();
    expect((await post(url, 'a,b', { 'content-type': 'text/csv' })).status).toBe(200);
    expect(backend.seen[0]?.body).toBe('a,b');
  });

  it('that is packed is checked unpacked, and passes packed', async () => {
    const { url } = await startShop();
    const gzip = { 'content-encoding': 'gzip' };
    expect((await post(url, gzipSync(JSON.stringify(order)), gzip)).status).toBe(200);
    const bad = gzipSync(JSON.stringify({ lines: [] }));
    expect(await refused(await post(url, bad, gzip), 422, 'WT-BODY-INVALID')).toHaveLength(1);
    const bomb = gzipSync(Buffer.alloc(10_000_000, ' '));
    await refused(await post(url, bomb, gzip), 413, 'WT-BODY-TOO-LARGE');
    await refused(await post(url, 'not packed', gzip), 400, 'WT-REQUEST-UNREADABLE');
  });

  it('is read from chunks, no further than maxBody', async () => {
    const { port, backend } = await startShop();
    const head = 'POST /api/orders HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';
    const text = JSON.stringify({ lines: [] });
    const chunked = `${head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n`;
    expect(
      await sendRaw(port, `${chunked}${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`),
    ).toContain('/body/lines');
    const long = `20000\r\n${' '.repeat(0x20000)}\r\n0\r\n\r\n`;
    expect(await sendRaw(port, chunked + long)).toContain('413');
    expect(backend.seen).toEqual([]);
  });
});

describe('a route that is of no contract', () => {
  const byHand = `  - path: /shop/{number}
    methods: [GET, DELETE]
    incoming: [validate]
    endpoint: { http: { upstream: shop, path: '/orders/{number}' } }
  - path: /any/*
    methods: [GET, POST]
    incoming: [validate]
    endpoint: { http: { upstream: shop, path: '/*' } }
  - path: /old
    methods: [GET]
    incoming: [validate: { operation: createOrder, upstream: shop }]
    endpoint: { reply: { status: 200 } }
  - path: /legacy/{id}
    methods: [GET]
    incoming: [rewrite: { path: '/orders/{id}' }, validate]
    endpoint: { http: { upstream: shop, path: '/somewhere/{id}/*' } }
`;

  it('finds the operation by its target, by its whole path, or by name', async () => {
    const { url, backend } = await startShop(byHand.slice(0, byHand.indexOf('  - path: /legacy')));
    expect(await refused(await fetch(`${url}/shop/x`), 400, 'WT-PARAMETER-INVALID')).toEqual([
      {
        pointer: '/path/order-id',
        detail: 'must be a whole number in digits, at most 2^53-1',
      },
    ]);
    expect((await fetch(`${url}/shop/3`)).status).toBe(200);
    await refused(await fetch(`${url}/any/orders/x`), 400, 'WT-PARAMETER-INVALID');
    await refused(await fetch(`${url}/any/orders/1%3F/2`), 404, 'WT-ROUTE-NOT-FOUND');
    expect((await fetch(`${url}/any/orders/3`)).status).toBe(200);
    await refused(await fetch(`${url}/old`), 415, 'WT-MEDIA-TYPE-UNSUPPORTED');
    expect(backend.seen.map((request) => request.url)).toEqual(['/orders/3', '/orders/3']);
  });

  it('needs a contract that has the operation', async () => {
    const start = (route: string) => startShop(`  - path: /x\n    methods: [PUT]\n${route}`);
    const error = async (route: string) => {
      const reason: unknown = await start(route).catch((thrown: unknown) => thrown);
      if (!(reason instanceof GatewayConfigError)) throw reason;
      return reason.mistakes.map(({ line, message }) => `${line} ${message}`);
    };
    expect(
      await error('    incoming: [validate]\n    endpoint: { http: { upstream: shop } }'),
    ).toEqual([
      expect.stringMatching(/^7 the contract of "shop" has no PUT \/x; correct the route/),
    ]);
    expect(
      await error(
        '    incoming:\n      - validate: { operation: put }\n    endpoint: { http: { upstream: shop } }',
      ),
    ).toEqual([expect.stringMatching(/^8 the contract of "shop" has no operation "put"/)]);
    expect(
      await error('    incoming: [validate]\n    endpoint: { reply: { status: 200 } }'),
    ).toEqual([expect.stringMatching(/^7 the endpoint has no upstream whose contract/)]);
  });
});
