import { describe, expect, it } from 'vitest';
import { startBackend, startRawBackend } from './support/backend.ts';
import { oneUpstream, startGateway } from './support/gateway.ts';
import { startRoute } from './support/shaping.ts';

it('sets and removes headers of the request and of the answer', async () => {
  const backend = await startBackend((_request, response) => {
    response.writeHead(200, { server: 'secret', etag: '"1"', 'x-kept': 'yes' });
    response.end('body');
  });
  const gateway = await startGateway(
    oneUpstream(backend.url, {
      route: `incoming:
      - headers: { set: { X-Added: one, X-Replaced: new }, remove: [X-Removed] }
    outgoing:
      - headers: { set: { ETag: '"2"' }, remove: [Server] }`,
    }),
  );
  const response = await fetch(`${gateway.url}/api/x`, {
    headers: { 'x-replaced': 'old', 'x-removed': 'x', 'x-other': 'x' },
  });
  expect(backend.seen[0]?.headers).toMatchObject({
    'x-added': 'one',
    'x-replaced': 'new',
    'x-other': 'x',
  });
  expect(backend.seen[0]?.headers).not.toHaveProperty('x-removed');
  expect(response.headers.get('etag')).toBe('"2"');
  expect(response.headers.get('x-kept')).toBe('yes');
  expect(response.headers.get('server')).toBeNull();
  expect(await response.text()).toBe('body');
});

it('hands a large answer through the filters in pieces, and ends with the client', async () => {
  const total = 50_000_000;
  const backend = await startRawBackend((_request, response) => {
    const piece = Buffer.alloc(100_000, 'x');
    let written = 0;
    const write = () => {
      while (written < total) {
        written += piece.length;
        if (!response.write(piece)) return void response.once('drain', write);
      }
      response.end();
    };
    write();
  });
  const gateway = await startGateway(
    oneUpstream(backend.url, { route: 'outgoing: [{ headers: { remove: [server] } }]' }),
  );
  const whole = await fetch(`${gateway.url}/api/x`);
  expect((await whole.arrayBuffer()).byteLength).toBe(total);

  const controller = new AbortController();
  const part = await fetch(`${gateway.url}/api/x`, { signal: controller.signal });
  await (part.body as ReadableStream).getReader().read();
  controller.abort();
  await expect.poll(() => backend.sockets.size).toBe(0);
});

it('answers a problem when the service fails before filters could see an answer', async () => {
  const backend = await startRawBackend((request) => request.socket.destroy());
  const gateway = await startGateway(
    oneUpstream(backend.url, { route: 'outgoing: [{ headers: { remove: [server] } }]' }),
  );
  const response = await fetch(`${gateway.url}/api/x`);
  expect(response.status).toBe(502);
  await response.text();
});

it('cuts an answer that breaks off behind filters', async () => {
  const backend = await startBackend((_request, response) => {
    response.write('part', () => response.destroy());
  });
  const gateway = await startGateway(
    oneUpstream(backend.url, { route: 'outgoing: [{ headers: { remove: [server] } }]' }),
  );
  const response = await fetch(`${gateway.url}/api/x`);
  await expect(response.text()).rejects.toThrow();
});

describe('a header of the connection', () => {
  it.each(['Content-Length', 'transfer-encoding', 'connection', 'upgrade'])(
    'is not set by it: %s',
    async (name) => {
      for (const direction of ['incoming', 'outgoing']) {
        const route = { path: '/x', [direction]: [{ headers: { set: { [name]: '1' } } }] };
        await expect(startRoute(route)).rejects.toThrow(`"${name}" belongs to the connection`);
      }
    },
  );

  it('is set when it is the name by which the upstream is asked', async () => {
    const { gateway, backend } = await startRoute({
      path: '/x',
      incoming: [{ headers: { set: { Host: 'toys.example' } } }],
    });
    await fetch(`${gateway.url}/x`);
    expect(backend.seen[0]?.headers.host).toBe('toys.example');
  });
});
