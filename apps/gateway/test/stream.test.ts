import { describe, expect, it } from 'vitest';
import { startBackend, startRawBackend, unusedPort } from './support/backend.ts';
import { startByteServer } from './support/byte-server.ts';
import { problemOf, sendRaw, startGateway } from './support/gateway.ts';

const configuration = (discover: string, route = '') => `
upstreams:
  a: { discover: '${discover}' }
routes:
  - path: /api/reports/{id}/events
    methods: [GET, POST]
    endpoint: { stream: { upstream: a, path: '/reports/{id}/events' } }
    ${route}
`;

async function readText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value } = await reader.read();
  return Buffer.from(value ?? []).toString();
}

describe('a stream', () => {
  it('passes each event when it comes, under clean headers', async () => {
    let send = (_text: string) => {};
    const backend = await startBackend((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      response.flushHeaders();
      send = (text) => response.write(text);
    });
    const gateway = await startGateway(configuration(backend.url));
    const response = await fetch(`${gateway.url}/api/reports/1/events?from=2`, {
      headers: { 'last-event-id': '7', 'x-forwarded-for': '10.0.0.1', 'x-user-id': '1' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (const event of ['data: 1\n\n', ': still here\n\n', 'data: 2\n\n']) {
      send(event);
      expect(await readText(reader)).toBe(event);
    }
    const [seen] = backend.seen;
    expect(seen?.url).toBe('/reports/1/events?from=2');
    expect(seen?.headers).toMatchObject({
      host: `127.0.0.1:${backend.port}`,
      'last-event-id': '7',
      'x-forwarded-for': '127.0.0.1',
      'x-request-id': response.headers.get('x-request-id'),
    });
    expect(seen?.headers).not.toHaveProperty('x-user-id');
    await reader.cancel();
  });

  it('ends at the service when the client goes', async () => {
    const backend = await startBackend((_request, response) => response.write('data: 1\n\n'));
    const gateway = await startGateway(configuration(backend.url));
    const controller = new AbortController();
    const response = await fetch(`${gateway.url}/api/reports/1/events`, {
      signal: controller.signal,
    });
    await (response.body as ReadableStream).getReader().read();
    controller.abort();
    await expect.poll(() => backend.sockets.size).toBe(0);
    await expect.poll(() => gateway.metric('http_server_requests_in_flight')).toBe(0);
  });

  it('ends whole for the client when the gateway closes, and does not hold it up', async () => {
    const backend = await startBackend((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    });
    const gateway = await startGateway(configuration(backend.url));
    const response = await fetch(`${gateway.url}/api/reports/1/events`);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await gateway.close();
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    await expect.poll(() => backend.sockets.size).toBe(0);
  });

  it('goes on for longer than the time to the first byte, and ends after an idle time', async () => {
    const backend = await startBackend((_request, response) => {
      response.write('data: 1\n\n');
      setTimeout(() => response.write('data: 2\n\n'), 400);
    });
    const gateway = await startGateway(
      configuration(backend.url, 'timeout: 200ms\n    idleTimeout: 1s'),
    );
    const response = await fetch(`${gateway.url}/api/reports/1/events`);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(await readText(reader)).toBe('data: 1\n\n');
    expect(await readText(reader)).toBe('data: 2\n\n');
    await expect(reader.read()).rejects.toThrow();
    await expect.poll(() => backend.sockets.size).toBe(0);
  });

  it('goes to another replica when one takes no connection', async () => {
    const backend = await startBackend((_request, response) => response.end('data: 1\n\n'));
    const refusing = `http://127.0.0.1:${await unusedPort()}`;
    const gateway = await startGateway(configuration(`${refusing},${backend.url}`));
    for (let count = 0; count < 3; count += 1) {
      const response = await fetch(`${gateway.url}/api/reports/1/events`);
      expect(await response.text()).toBe('data: 1\n\n');
    }
    expect(await gateway.metric('gateway_retries_total', { upstream: 'a' })).toBe(1);
  });

  it('is a problem when no replica takes it, or none answers in time', async () => {
    const gateway = await startGateway(configuration(`http://127.0.0.1:${await unusedPort()}`));
    const refused = await fetch(`${gateway.url}/api/reports/1/events`);
    expect(refused.status).toBe(503);
    await problemOf(refused);

    const silent = await startBackend(() => {});
    const waiting = await startGateway(configuration(silent.url, 'timeout: 200ms'));
    const late = await fetch(`${waiting.url}/api/reports/1/events`);
    expect(late.status).toBe(504);
    await problemOf(late);
    await expect.poll(() => silent.sockets.size).toBe(0);
  });

  it('is a problem when the service breaks the connection', async () => {
    const backend = await startRawBackend((request) => request.socket.destroy());
    const gateway = await startGateway(configuration(backend.url));
    const response = await fetch(`${gateway.url}/api/reports/1/events`);
    expect(response.status).toBe(502);
    await problemOf(response);
  });

  it('passes the service’s own answer, such as 404, and uses its connection again', async () => {
    const backend = await startBackend((_request, response) => {
      response.writeHead(404, { 'content-type': 'application/problem+json' });
      response.end('{}');
    });
    const gateway = await startGateway(configuration(backend.url));
    for (let count = 0; count < 3; count += 1) {
      const response = await fetch(`${gateway.url}/api/reports/1/events`);
      expect(response.status).toBe(404);
      expect(await response.text()).toBe('{}');
    }
    expect(backend.sockets.size).toBe(1);
  });

  it('passes no hop-by-hop header either way, Expect included', async () => {
    const backend = await startBackend((_request, response) => {
      response.writeHead(200, { connection: 'close, x-inner', 'x-inner': '1', 'x-outer': '2' });
      response.end('ok');
    });
    const gateway = await startGateway(configuration(backend.url));
    const answer = await sendRaw(
      gateway.port,
      'GET /api/reports/1/events HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, x-secret\r\nX-Secret: 1\r\n' +
        'X-User-Id: 1\r\nExpect: 100-continue\r\nTE: trailers\r\nUpgrade: websocket\r\n\r\n',
      { untilText: '0\r\n\r\n' },
    );
    expect(answer.toLowerCase()).toContain('x-outer: 2');
    expect(answer.toLowerCase()).not.toContain('x-inner');
    const { headers } = backend.seen[0] ?? { headers: {} };
    for (const name of ['x-secret', 'expect', 'te', 'upgrade', 'x-user-id']) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  it('passes headers of any name and any bytes as they are, both ways', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nLocation: /\u4e2d\r\n';
    const server = await startByteServer((socket) =>
      socket.end(`${head}constructor: inner\r\n\r\nok`),
    );
    const gateway = await startGateway(configuration(server.url));
    const request =
      'GET /api/reports/1/events HTTP/1.1\r\nHost: x\r\nconstructor: a\r\n__proto__: b\r\nConnection: close\r\n\r\n';
    const answer = Buffer.from(await sendRaw(gateway.port, request), 'latin1').toString();
    expect(answer).toContain('location: /\u4e2d\r\n');
    expect(answer).toContain('constructor: inner\r\n');

    const backend = await startBackend();
    const other = await startGateway(configuration(backend.url));
    await sendRaw(other.port, request);
    const { rawHeaders } = backend.seen[0] ?? { rawHeaders: [] };
    const valuesOf = (name: string) =>
      rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1] === name);
    expect(valuesOf('constructor')).toEqual(['a']);
    expect(valuesOf('__proto__')).toEqual(['b']);
  });
});
