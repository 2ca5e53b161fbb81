import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sendJson, startBackend, startRawBackend, unusedPort } from './support/backend.ts';
import type { Answering, SeenRequest } from './support/backend.ts';
import { problemOf, startGateway } from './support/gateway.ts';
import { postJson, startRoute } from './support/shaping.ts';

interface RpcRequest {
  readonly jsonrpc: string;
  readonly method: string;
  readonly params?: unknown;
  readonly id?: string;
}

const callOf = ({ body }: SeenRequest) => JSON.parse(body) as RpcRequest;

/** A service that answers each call with what `respond` says, beside its id. */
const service =
  (respond: (call: RpcRequest) => Record<string, unknown>): Answering =>
  (request, response) => {
    const call = callOf(request);
    sendJson(response, 200, { jsonrpc: '2.0', id: call.id, ...respond(call) });
  };

describe('jsonRpc as a filter', () => {
  const route = {
    path: '/products/{id}',
    incoming: [
      {
        jsonRpc: {
          method: 'product.get',
          path: '/rpc',
          params: { id: '{path.id:integer}', fields: '{query.field:list?}', note: '{body.note?}' },
          errors: { '-32004': 404, '1001': 409 },
        },
      },
    ],
  };

  it('makes a REST request a call, and its result the body', async () => {
    const { backend, gateway } = await startRoute(
      route,
      service(({ params }) => ({ result: { got: params } })),
    );
    const response = await fetch(`${gateway.url}/products/7?field=a&field=b`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ got: { id: 7, fields: ['a', 'b'] } });
    const [seen] = backend.seen as [SeenRequest];
    expect(seen).toMatchObject({ method: 'POST', url: '/rpc' });
    expect(callOf(seen)).toEqual({
      jsonrpc: '2.0',
      method: 'product.get',
      params: { id: 7, fields: ['a', 'b'] },
      id: expect.stringMatching(/^[\w-]{36}$/) as unknown,
    });
    const labels = { decider: 'jsonRpc', outcome: 'result' };
    expect(await gateway.metric('gateway_decisions_total', labels)).toBe(1);
  });

  it('gives a result null, another status, and reads a packed answer', async () => {
    const { gateway } = await startRoute(
      { path: '/x', incoming: [{ jsonRpc: { method: 'make', status: 201 } }] },
      (request, response) => {
        const text = JSON.stringify({ jsonrpc: '2.0', id: callOf(request).id, result: null });
        response.writeHead(200, { 'content-encoding': 'gzip', etag: '"1"' });
        response.end(zlib.gzipSync(text));
      },
    );
    const response = await fetch(`${gateway.url}/x`);
    expect(response.status).toBe(201);
    expect(await response.text()).toBe('null');
    expect(response.headers.has('content-encoding')).toBe(false);
    expect(response.headers.has('etag')).toBe(false);
  });

  it.each([
    [-32004, 404, 'no such product'],
    [1001, 409, 'no such product'],
    [-32602, 400, 'no such product'],
    [-32603, 502, 'The answer of the service could not be used.'],
    [-32601, 502, 'The answer of the service could not be used.'],
    ['x', 502, 'The answer of the service could not be used.'],
  ])('makes the error %s a problem of status %i', async (code, status, detail) => {
    const { gateway } = await startRoute(
      route,
      service(() => ({ error: { code, message: 'no such product', data: 'inner' } })),
    );
    const response = await fetch(`${gateway.url}/products/7`);
    expect(response.status).toBe(status);
    const problem = await problemOf(response);
    expect(problem['detail']).toBe(detail);
    expect(JSON.stringify(problem)).not.toContain('inner');
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['another id', '{"jsonrpc":"2.0","id":1,"result":1}'],
    ['another version', '{"id":null,"error":{"code":1}}'],
    ['neither result nor error', '{"jsonrpc":"2.0","id":null}'],
    ['both', '{"jsonrpc":"2.0","id":null,"result":1,"error":{"code":-32004,"message":"x"}}'],
    ['more than may be', `"${'x'.repeat(1_000_001)}"`],
  ])('answers 502 when the service answers %s', async (_name, body) => {
    const { gateway } = await startRoute(route, (_request, response) => response.end(body));
    const response = await fetch(`${gateway.url}/products/7`);
    expect(response.status).toBe(502);
    await problemOf(response);
  });

  it('passes on what the service refuses before it reads the call', async () => {
    const { gateway } = await startRoute(route, (_request, response) => {
      response.writeHead(503, { 'retry-after': '7' });
      response.end('later');
    });
    const response = await fetch(`${gateway.url}/products/7`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(await response.text()).toBe('later');
  });

  it('refuses bad parameters without a call', async () => {
    const { backend, gateway } = await startRoute(route);
    const response = await fetch(`${gateway.url}/products/x`);
    expect(response.status).toBe(400);
    expect(backend.seen).toHaveLength(0);
  });

  it('sends a notification without an id, and answers 204', async () => {
    const { backend, gateway } = await startRoute(
      {
        path: '/x',
        incoming: [{ jsonRpc: { method: 'log', params: ['{body}'], notification: true } }],
      },
      (_request, response) => response.end(),
    );
    const response = await postJson(`${gateway.url}/x`, { a: '","id":"1' });
    expect(response.status).toBe(204);
    expect(callOf(backend.seen[0] as SeenRequest)).toEqual({
      jsonrpc: '2.0',
      method: 'log',
      params: [{ a: '","id":"1' }],
    });
  });
});

const products: Answering = (request, response) => {
  if (request.method === 'POST') return sendJson(response, 201, JSON.parse(request.body));
  const path = request.url.split('?')[0];
  switch (path) {
    case '/products/404':
    case '/products/422': {
      const status = Number(path.slice('/products/'.length));
      response.writeHead(status, { 'content-type': 'application/problem+json' });
      return void response.end(
        JSON.stringify({
          type: 'about:blank',
          title: 'No',
          status,
          detail: 'not so',
          requestId: 'x',
        }),
      );
    }
    case '/products/500':
      return sendJson(response, 500, { secret: true });
    case '/products/204':
      return void response.writeHead(204).end();
    case '/products/text':
      return void response.writeHead(200, { 'content-type': 'text/plain' }).end('he"llo');
    case '/products/broken':
      return void response.writeHead(200, { 'content-type': 'application/json' }).end('{} {}');
    case '/products/exact':
      return void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"n":12345678901234567890}');
    default:
      return sendJson(response, 200, { url: request.url, method: request.method });
  }
};

async function startRpc(options: Record<string, unknown> = {}, answer = products) {
  const backend = await startBackend(answer);
  const gateway = await startGateway(
    JSON.stringify({
      upstreams: {
        a: { discover: backend.url },
        down: { discover: `http://127.0.0.1:${await unusedPort()}` },
      },
      routes: [
        {
          path: '/rpc',
          methods: ['POST'],
          endpoint: {
            jsonRpc: {
              upstream: 'a',
              methods: {
                get: {
                  path: '/products/{params.id}',
                  params: ['id'],
                  query: { full: '{params.full?}' },
                },
                create: {
                  method: 'POST',
                  path: '/products',
                  body: { name: '{params.name}', price: '{params.price:number|1}' },
                },
                remove: { method: 'DELETE', path: '/products/{params.id:integer}' },
                gone: { upstream: 'down', path: '/x' },
              },
              ...options,
            },
          },
        },
      ],
    }),
  );
  return { backend, gateway, call: (value: unknown) => postJson(`${gateway.url}/rpc`, value) };
}

const rpc = (method: string, params?: unknown, id: unknown = 1) => ({
  jsonrpc: '2.0',
  method,
  params,
  id,
});

describe('jsonRpc as an endpoint', () => {
  it('runs a call as a REST operation, with parameters by name or in a list', async () => {
    const { gateway, call, backend } = await startRpc();
    const response = await call(rpc('get', { id: 'a b', full: true }, 'x"1'));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      result: { url: '/products/a%20b?full=true', method: 'GET' },
      id: 'x"1',
    });
    expect(await (await call(rpc('get', [7], null))).json()).toMatchObject({
      result: { url: '/products/7' },
      id: null,
    });
    expect(await (await call(rpc('create', { name: 'Yoyo"', price: '2.5' }))).json()).toMatchObject(
      {
        result: { name: 'Yoyo"', price: 2.5 },
      },
    );
    expect(backend.seen[2]?.headers['content-type']).toBe('application/json');
    const labels = { decider: 'jsonRpc', outcome: 'result' };
    expect(await gateway.metric('gateway_decisions_total', labels)).toBe(3);
  });

  it.each([
    ['204', null],
    ['text', 'he"llo'],
  ])('gives the answer %s as the result %j', async (id, result) => {
    const { call } = await startRpc();
    expect(await (await call(rpc('get', { id }))).json()).toMatchObject({ result });
  });

  it('hands numbers on as they are written', async () => {
    const { call } = await startRpc();
    const text = await (await call(rpc('get', ['exact']))).text();
    expect(text).toBe('{"jsonrpc":"2.0","result":{"n":12345678901234567890},"id":1}');
  });

  it.each([
    ['no JSON', '{"jsonrpc": "2.0", "method"', -32700, null],
    ['an empty body', '', -32700, null],
    ['a number', '1', -32600, null],
    ['an empty batch', '[]', -32600, null],
    ['no version', '{"method":"get","id":1}', -32600, 1],
    ['no method', '{"jsonrpc":"2.0","id":1}', -32600, 1],
    [
      'parameters that are no structure',
      '{"jsonrpc":"2.0","method":"get","params":1,"id":"a"}',
      -32600,
      'a',
    ],
    ['an id that is an object', '{"jsonrpc":"2.0","method":"get","id":{}}', -32600, null],
    [
      'an id too large to be exact',
      '{"jsonrpc":"2.0","method":"get","id":12345678901234567890}',
      -32600,
      null,
    ],
    ['an unknown method', rpc('constructor'), -32601, 1],
    ['a missing parameter', rpc('get', {}), -32602, 1],
    ['no parameters', rpc('get'), -32602, 1],
    ['a parameter of another type', rpc('remove', { id: 'x' }), -32602, 1],
    ['a parameter that leaves its place', rpc('get', { id: '../admin' }), -32602, 1],
    ['a parameter that the service refuses', rpc('get', { id: 422 }), -32602, 1],
    ['what is not there', rpc('get', { id: 404 }), -32000, 1],
    ['a service that fails', rpc('get', { id: 500 }), -32603, 1],
    ['an answer that is no JSON', rpc('get', { id: 'broken' }), -32603, 1],
    ['a service that is down', rpc('gone'), -32603, 1],
  ])('answers %s by its code', async (_name, body, code, id) => {
    const { call } = await startRpc();
    const response = await call(body);
    expect(response.status).toBe(200);
    const answer = (await response.json()) as { error: { code: number; data?: unknown } };
    expect(answer).toMatchObject({ jsonrpc: '2.0', error: { code }, id });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  it('says what the service or the parameters had against the call', async () => {
    const { call } = await startRpc();
    expect(await (await call(rpc('get', { id: 404 }))).json()).toMatchObject({
      error: { data: { status: 404, title: 'No', detail: 'not so' } },
    });
    expect(await (await call(rpc('create', {}))).json()).toMatchObject({
      error: { data: { errors: [{ pointer: '/params/name', detail: 'is missing' }] } },
    });
  });

  it('answers a batch in one body and in its order, without its notifications', async () => {
    const { backend, call } = await startRpc();
    const response = await call([
      rpc('get', [1], 'a'),
      { jsonrpc: '2.0', method: 'remove', params: { id: 5 } },
      1,
      rpc('none', [], 'b'),
      { jsonrpc: '2.0', method: 'none' },
      rpc('get', [2], 'c'),
    ]);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject([
      { result: { url: '/products/1' }, id: 'a' },
      { error: { code: -32600 }, id: null },
      { error: { code: -32601 }, id: 'b' },
      { result: { url: '/products/2' }, id: 'c' },
    ]);
    expect(backend.seen.map(({ method, url }) => `${method} ${url}`).sort()).toEqual([
      'DELETE /products/5',
      'GET /products/1',
      'GET /products/2',
    ]);
  });

  it('answers 204 when all are notifications, which are carried out all the same', async () => {
    const { backend, call } = await startRpc();
    const notification = { jsonrpc: '2.0', method: 'remove', params: { id: 5 } };
    for (const body of [notification, [notification, notification]]) {
      const response = await call(body);
      expect(response.status).toBe(204);
      expect(await response.text()).toBe('');
    }
    expect(backend.seen).toHaveLength(3);
  });

  it('refuses a larger batch whole, and runs no more calls at once than it may', async () => {
    let running = 0;
    let most = 0;
    const { backend, call } = await startRpc(
      { maxBatch: 12, parallel: 3 },
      (_request, response) => {
        running += 1;
        most = Math.max(most, running);
        setTimeout(() => {
          running -= 1;
          sendJson(response, 200, {});
        }, 50);
      },
    );
    const batch = Array.from({ length: 13 }, (_, index) => rpc('get', [index], index));
    expect(await (await call(batch)).json()).toMatchObject({ error: { code: -32600 }, id: null });
    expect(backend.seen).toHaveLength(0);
    const answers = (await (await call(batch.slice(1))).json()) as { id: number }[];
    expect(answers.map(({ id }) => id)).toEqual(batch.slice(1).map(({ id }) => id));
    expect(most).toBe(3);
  });

  it('refuses what is no JSON by its type, and what is larger than the route allows', async () => {
    const { gateway, call } = await startRpc();
    const init = { method: 'POST', body: JSON.stringify(rpc('get', [1])) };
    const text = await fetch(`${gateway.url}/rpc`, {
      ...init,
      headers: { 'content-type': 'text/plain' },
    });
    expect(text.status).toBe(415);
    expect((await call(`"${'x'.repeat(100_001)}"`)).status).toBe(413);
  });

  it('ends what it asks when the client goes', async () => {
    const backend = await startRawBackend(() => undefined);
    const gateway = await startGateway(
      JSON.stringify({
        upstreams: { a: { discover: backend.url } },
        routes: [
          {
            path: '/rpc',
            methods: ['POST'],
            endpoint: { jsonRpc: { upstream: 'a', methods: { get: { path: '/x' } } } },
          },
        ],
      }),
    );
    const controller = new AbortController();
    const asking = fetch(`${gateway.url}/rpc`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([rpc('get'), rpc('get')]),
      signal: controller.signal,
    });
    await expect.poll(() => backend.sockets.size).toBe(2);
    controller.abort();
    await expect(asking).rejects.toThrow();
    await expect.poll(() => backend.sockets.size).toBe(0);
  });

  it('answers JSON-RPC, 204 or a problem, whatever JSON it is sent', async () => {
    const { call } = await startRpc();
    const value = fc.jsonValue({ maxDepth: 2 });
    const loose = fc.record(
      {
        jsonrpc: fc.constantFrom('2.0', '1.0', 2),
        method: fc.oneof(fc.constantFrom('get', 'create', 'remove'), value),
        params: fc.oneof(fc.record({ id: value, name: value }), value),
        id: fc.oneof(fc.string(), value),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(loose, fc.array(fc.oneof(loose, value)), value), async (body) => {
        const response = await call(body === undefined ? 'null' : body);
        expect([200, 204]).toContain(response.status);
        if (response.status === 204) return;
        for (const one of [await response.json()].flat() as Record<string, unknown>[]) {
          expect(one['jsonrpc']).toBe('2.0');
          expect('result' in one).not.toBe('error' in one);
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it.each([
    [{ upstream: undefined }, 'has no upstream'],
    [{ methods: { get: { path: '/x/{path.id}' } } }, 'the source "path" is unknown'],
    [{ methods: { get: { path: '/x', upstream: 'none' } } }, 'there is no upstream "none"'],
    [{ methods: {} }, 'must NOT have fewer than 1'],
  ])('refuses the options %j with the reason', async (options, message) => {
    await expect(startRpc(options)).rejects.toThrow(message);
  });
});
