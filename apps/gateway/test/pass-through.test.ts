import { describe, expect, it } from 'vitest';
import { sendJson, startBackend, startRawBackend, unusedPort } from './support/backend.ts';
import { oneUpstream, problemOf, shippedConfig, startGateway } from './support/gateway.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The gateway as it is shipped, before backends of the test. */
async function startShipped(environment: Readonly<Record<string, string>> = {}) {
  const backend = await startBackend();
  const gateway = await startGateway(shippedConfig(), {
    environment: {
      USER_UPSTREAM: backend.url,
      PRODUCT_UPSTREAM: backend.url,
      LOGISTICS_UPSTREAM: backend.url,
      ORDER_UPSTREAM: backend.url,
      ...environment,
    },
  });
  return { backend, gateway };
}

describe('the shipped routes', () => {
  const user = '{ "username": "user_a", "email": "a@example.com" }';
  const product = '{ "name": "a", "price": 1.5, "category": "b" }';
  const movement = '{ "productId": 1, "quantity": 2 }';
  const report = '0199a6f4-3a5e-7c00-8000-000000000001';

  it.each([
    ['GET', '/api/users/1', '/users/1'],
    ['POST', '/api/users', '/users', user],
    ['GET', '/api/users?limit=2&cursor=a%2Fb', '/users?limit=2&cursor=a%2Fb'],
    ['POST', '/api/log-in', '/log-in', '{ "username": "Bob", "password": "password" }'],
    ['GET', '/.well-known/jwks.json', '/.well-known/jwks.json'],
    ['GET', '/api/products', '/products'],
    ['POST', '/api/products', '/products', product],
    ['GET', '/api/products/last', '/products/last'],
    ['GET', '/api/products/7', '/products/7'],
    ['PUT', '/api/products/7', '/products/7', product],
    ['DELETE', '/api/products/7', '/products/7'],
    ['POST', '/api/orders', '/orders', '{ "product": "Yoyo" }'],
    ['GET', `/api/orders/${report}`, `/orders/${report}`],
    ['GET', '/api/misc/time', '/misc/time'],
    ['GET', '/api/misc/heavy?name=a', '/misc/heavy?name=a'],
    ['GET', '/api/stores', '/stores'],
    ['GET', '/api/stores/3', '/stores/3'],
    ['GET', '/api/stores/3/stock', '/stores/3/stock'],
    ['GET', '/api/stores/3/sales', '/stores/3/sales'],
    ['POST', '/api/stores/3/sales', '/stores/3/sales', movement],
    ['POST', '/api/stores/3/restocks', '/stores/3/restocks', movement],
    ['GET', '/api/stores/3/analytics', '/stores/3/analytics'],
    ['GET', '/api/sales', '/sales'],
    ['GET', '/api/restocks', '/restocks'],
    ['POST', '/api/reports', '/reports', ' {} '],
    ['GET', '/api/reports/consolidated', '/reports/consolidated'],
    ['GET', `/api/reports/${report}`, `/reports/${report}`],
    ['GET', `/api/reports/${report}.csv`, `/reports/${report}.csv`],
    ['GET', `/api/reports/${report}/events`, `/reports/${report}/events`],
  ])('%s %s reaches the service as %s', async (method, path, expected, body = '') => {
    const { backend, gateway } = await startShipped();
    const response = await fetch(gateway.url + path, {
      method,
      ...(body !== '' && { body, headers: { 'content-type': 'application/json' } }),
    });
    expect(response.status).toBe(200);
    expect(backend.seen).toMatchObject([{ method, url: expected, body }]);
  });

  it('says 404 for a path that is none of them', async () => {
    const { gateway } = await startShipped();
    const response = await fetch(`${gateway.url}/api/nothing?x=1`);
    expect(response.status).toBe(404);
    expect(await problemOf(response)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-ROUTE-NOT-FOUND',
      status: 404,
      instance: '/api/nothing',
      requestId: response.headers.get('x-request-id'),
    });
  });

  it.each([
    ['PATCH', '/api/users', 'GET, HEAD, POST'],
    ['DELETE', '/api/users/1', 'GET, HEAD'],
    ['GET', '/api/stores/1/restocks', 'POST'],
    ['POST', '/api/reports/consolidated', 'GET, HEAD'],
  ])('says 405 for %s %s and what is allowed', async (method, path, allow) => {
    const { gateway, backend } = await startShipped();
    const response = await fetch(gateway.url + path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await problemOf(response)).toMatchObject({ status: 405 });
    expect(backend.seen).toEqual([]);
  });

  it('answers HEAD where there is GET', async () => {
    const { gateway, backend } = await startShipped();
    const response = await fetch(`${gateway.url}/api/users/1`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
    expect(backend.seen).toMatchObject([{ method: 'HEAD' }]);
  });
});

describe('passing a request on', () => {
  it('tells the service who asked, through which host, under which ids', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(oneUpstream(backend.url));
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const response = await fetch(`${gateway.url}/api/x?a=1`, {
      headers: { 'x-request-id': 'mine-1', traceparent, tracestate: 'a=1', accept: 'text/plain' },
    });
    expect(response.headers.get('x-request-id')).toBe('mine-1');
    expect(backend.seen[0]?.headers).toMatchObject({
      host: `127.0.0.1:${backend.port}`,
      'x-request-id': 'mine-1',
      traceparent,
      tracestate: 'a=1',
      accept: 'text/plain',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `127.0.0.1:${gateway.port}`,
      'x-forwarded-path': '/api/x',
    });
  });

  it.each(['', 'a b', 'x'.repeat(65), 'a"b', 'ä'])('replaces the request id %o', async (id) => {
    const backend = await startBackend();
    const gateway = await startGateway(oneUpstream(backend.url));
    const response = await fetch(`${gateway.url}/api/x`, {
      headers: { 'x-request-id': id, traceparent: 'nonsense', tracestate: 'a=1' },
    });
    const given = response.headers.get('x-request-id');
    expect(given).toMatch(UUID);
    expect(backend.seen[0]?.headers['x-request-id']).toBe(given);
    expect(backend.seen[0]?.headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(backend.seen[0]?.headers['tracestate']).toBeUndefined();
  });

  it('returns status, headers and repeated headers as they are', async () => {
    const backend = await startBackend((_request, response) => {
      response.writeHead(418, [
        'set-cookie',
        'a=1',
        'set-cookie',
        'b=2',
        'etag',
        '"x"',
        'X-Odd',
        'é',
      ]);
      response.end('teapot');
    });
    const gateway = await startGateway(oneUpstream(backend.url));
    const response = await fetch(`${gateway.url}/api/x`);
    expect(response.status).toBe(418);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.get('etag')).toBe('"x"');
    expect(response.headers.get('x-odd')).toBe('é');
    expect(await response.text()).toBe('teapot');
  });

  it.each([204, 304])('returns %i without a body', async (status) => {
    const backend = await startBackend((_request, response) => response.writeHead(status).end());
    const gateway = await startGateway(oneUpstream(backend.url));
    const response = await fetch(`${gateway.url}/api/x`);
    expect(response.status).toBe(status);
    expect(await response.text()).toBe('');
  });

  it('does not pass early hints for the answer', async () => {
    const backend = await startBackend((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('after'));
    });
    const gateway = await startGateway(oneUpstream(backend.url));
    const response = await fetch(`${gateway.url}/api/x`);
    expect(await response.text()).toBe('after');
  });

  it('streams a body that is larger than what it holds, both ways, unchanged', async () => {
    const backend = await startRawBackend((request, response) => request.pipe(response));
    const gateway = await startGateway(oneUpstream(backend.url, { route: 'maxBody: 20MB' }));
    const sent = Buffer.alloc(10_000_000);
    for (let index = 0; index < sent.length; index += 4) sent.writeUInt32LE(index, index);
    for (const body of [sent, new Blob([sent]).stream()]) {
      const response = await fetch(`${gateway.url}/api/x`, {
        method: 'POST',
        body,
        duplex: 'half',
      } as RequestInit);
      expect(Buffer.from(await response.arrayBuffer()).equals(sent)).toBe(true);
    }
  });

  it('sends the first piece of an answer before the last one is there', async () => {
    let finish = () => {};
    const backend = await startBackend((_request, response) => {
      response.write('first');
      finish = () => response.end('last');
    });
    const gateway = await startGateway(oneUpstream(backend.url));
    const response = await fetch(`${gateway.url}/api/x`);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value as Uint8Array).toString()).toBe('first');
    finish();
    expect(Buffer.from((await reader.read()).value as Uint8Array).toString()).toBe('last');
  });

  it.each([256, 100_000])('returns %i bytes of any value unchanged', async (length) => {
    const bytes = Buffer.from(Array.from({ length }, (_, index) => index % 256));
    const backend = await startBackend((_request, response) => {
      response.writeHead(200, { 'content-length': length });
      response.end(bytes);
    });
    const gateway = await startGateway(oneUpstream(backend.url));
    const response = await fetch(`${gateway.url}/api/x`);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('gives up an unused connection before a replica that drains ends, whatever the replica hints', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(oneUpstream(backend.url, { upstream: 'keepAlive: 300ms' }));
    await (await fetch(`${gateway.url}/api/x`)).text();
    expect(backend.sockets.size).toBe(1);
    await expect.poll(() => backend.sockets.size).toBe(0);
  });

  it('uses a connection again', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(oneUpstream(backend.url));
    for (let count = 0; count < 5; count += 1) await (await fetch(`${gateway.url}/api/x`)).text();
    expect(backend.sockets.size).toBe(1);
  });
});

describe('a request or service that is not as it should be', () => {
  it('says 413 to a body that says it is too large, without asking the service', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(oneUpstream(backend.url));
    const response = await fetch(`${gateway.url}/api/x`, {
      method: 'POST',
      body: 'x'.repeat(100_001),
    });
    expect(response.status).toBe(413);
    expect(await problemOf(response)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-BODY-TOO-LARGE',
    });
    expect(backend.seen).toEqual([]);
    const fitting = await fetch(`${gateway.url}/api/x`, {
      method: 'POST',
      body: 'x'.repeat(100_000),
    });
    expect(fitting.status).toBe(200);
    await fitting.text();
  });

  it('says 413 to a body of unknown length when it has become too large', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(oneUpstream(backend.url));
    const body = new Blob(['x'.repeat(300_000)]).stream();
    const response = await fetch(`${gateway.url}/api/x`, {
      method: 'POST',
      body,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(413);
    expect(await problemOf(response)).toMatchObject({ status: 413 });
    expect(backend.seen).toEqual([]);
  });

  it('says 504 to a service that does not answer in time', async () => {
    const backend = await startBackend(() => {});
    const gateway = await startGateway(oneUpstream(backend.url, { route: 'timeout: 100ms' }));
    const response = await fetch(`${gateway.url}/api/x`);
    expect(response.status).toBe(504);
    expect(await problemOf(response)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-UPSTREAM-TIMEOUT',
      detail: expect.stringContaining('100 ms'),
    });
  });

  it('says 503 with Retry-After when no replica takes connections', async () => {
    const gateway = await startGateway(oneUpstream(`http://127.0.0.1:${await unusedPort()}`));
    const response = await fetch(`${gateway.url}/api/x`, { method: 'POST', body: 'x' });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await problemOf(response)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-UNAVAILABLE',
    });
  });

  it('says 502 when the service breaks the connection after a write', async () => {
    const backend = await startRawBackend((request) => request.socket.destroy());
    const gateway = await startGateway(oneUpstream(backend.url));
    const response = await fetch(`${gateway.url}/api/x`, { method: 'POST', body: 'x' });
    expect(response.status).toBe(502);
    expect(await problemOf(response)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-UPSTREAM-FAILED',
    });
  });

  it('says 502 to what is not HTTP', async () => {
    const backend = await startRawBackend((request) => request.socket.end('SSH-2.0-nothing\r\n'));
    const gateway = await startGateway(oneUpstream(backend.url));
    const response = await fetch(`${gateway.url}/api/x`);
    expect(response.status).toBe(502);
    await response.text();
  });

  it('cuts the answer of a service that breaks off, so that a part is not taken for the whole', async () => {
    const backend = await startBackend((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('part', () => response.destroy());
    });
    const gateway = await startGateway(oneUpstream(backend.url));
    const response = await fetch(`${gateway.url}/api/x`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it('counts and logs each by its route template', async () => {
    const backend = await startBackend((_request, response) => sendJson(response, 200, {}));
    const gateway = await startGateway(oneUpstream(backend.url));
    await (await fetch(`${gateway.url}/api/x/1`)).text();
    await (await fetch(`${gateway.url}/none`)).text();
    await expect
      .poll(() =>
        gateway.metric('http_server_request_duration_seconds_count', {
          http_route: '/api/*',
          http_response_status_code: '200',
        }),
      )
      .toBe(1);
    await expect
      .poll(() =>
        gateway.metric('http_server_request_duration_seconds_count', { http_route: 'unmatched' }),
      )
      .toBe(1);
    expect(
      await gateway.metric('http_client_request_duration_seconds_count', {
        upstream: 'a',
        replica: `127.0.0.1:${backend.port}`,
        status: '200',
      }),
    ).toBe(1);
    expect(gateway.log.lines).toContainEqual(
      expect.objectContaining({
        msg: 'request',
        route: '/api/*',
        path: '/api/x/1',
        status: 200,
        upstream: 'a',
      }),
    );
  });
});
