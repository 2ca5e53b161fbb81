import { listen } from '@woodytoys/service';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startBackend, startRawBackend } from './support/backend.ts';
import { oneUpstream, sendRaw, startGateway } from './support/gateway.ts';

async function start() {
  const backend = await startBackend((_request, response) => response.end('ok'));
  const gateway = await startGateway(oneUpstream(backend.url));
  const send = (lines: readonly string[], body = '') =>
    sendRaw(gateway.port, `${lines.join('\r\n')}\r\n\r\n${body}`);
  return { backend, gateway, send };
}

const host = 'Host: gateway.test';
const close = 'Connection: close';

describe('what the service gets of a hostile request', () => {
  it('gets no hop-by-hop header, nor one named in Connection', async () => {
    const { backend, send } = await start();
    const answer = await send([
      'GET /api/x HTTP/1.1',
      host,
      'Connection: close, X-Secret , keep-alive, x-request-id, content-type, authorization',
      'X-Secret: 1',
      'X-Plain: 2',
      'Content-Type: text/plain',
      'Authorization: Bearer t',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic x',
      'TE: trailers',
      'Upgrade: websocket',
      'X-Request-Id: chosen',
    ]);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).toContain('x-request-id: chosen');
    const headers = backend.seen[0]?.headers ?? {};
    expect(Object.keys(headers).sort()).toEqual([
      'authorization',
      'connection',
      'content-type',
      'host',
      'traceparent',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-path',
      'x-forwarded-proto',
      'x-plain',
      'x-request-id',
    ]);
    expect(headers).toMatchObject({ connection: 'keep-alive', 'x-request-id': 'chosen' });
  });

  it('gets none of the headers by which a client could pretend to be another', async () => {
    const { backend, send } = await start();
    await send([
      'GET /api/x HTTP/1.1',
      host,
      close,
      'X-Forwarded-For: 10.0.0.1',
      'X-Forwarded-Host: evil.test',
      'X-Forwarded-Path: /evil',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Port: 1',
      'Forwarded: for=10.0.0.1',
      'X-Real-IP: 10.0.0.1',
      'X-User-Id: 1',
      'x-uSER-roles: admin',
    ]);
    const { headers } = backend.seen[0] ?? { headers: {} };
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'gateway.test',
      'x-forwarded-path': '/api/x',
    });
    for (const name of [
      'forwarded',
      'x-real-ip',
      'x-user-id',
      'x-user-roles',
      'x-forwarded-port',
    ]) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  it('gets a request only once when a second one hides in its body', async () => {
    const { backend, send } = await start();
    const hidden = 'GET /api/hidden HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await send(
      [
        'POST /api/x HTTP/1.1',
        host,
        close,
        `Content-Length: ${hidden.length}`,
        'Connection: content-length',
      ],
      hidden,
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(backend.seen.map(({ url, body }) => [url, body])).toEqual([['/x', hidden]]);
  });

  it('gets the absolute form as a path, with the host that was named', async () => {
    const { backend, send } = await start();
    const answer = await send(['GET http://other.test/api/x?a=1 HTTP/1.1', host, close]);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(backend.seen).toMatchObject([{ url: '/x?a=1' }]);
  });

  it('gets no path twice that would fill its headers', async () => {
    const { backend, send } = await start();
    const longest = `/api/${'x'.repeat(2_043)}`;
    for (const path of [longest, `${longest}x`]) {
      await send([`GET ${path}?a=1 HTTP/1.1`, host, close, 'X-Forwarded-Path: /evil']);
    }
    const given = backend.seen.map(({ headers }) => headers['x-forwarded-path']);
    expect(given).toEqual([longest, undefined]);
  });

  it('gets a plain request when an upgrade was asked for', async () => {
    const { backend, send } = await start();
    const answer = await send([
      'GET /api/x HTTP/1.1',
      host,
      'Connection: Upgrade, close',
      'Upgrade: h2c',
    ]);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(backend.seen[0]?.headers).not.toHaveProperty('upgrade');
  });

  it('gets the body that 100-continue was asked for', async () => {
    const { backend, gateway } = await start();
    const answer = await sendRaw(
      gateway.port,
      `POST /api/x HTTP/1.1\r\n${host}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n${close}\r\n\r\nhi`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
    expect(backend.seen).toMatchObject([{ body: 'hi' }]);
  });
});

describe('what never reaches the service', () => {
  it.each([
    [
      'two lengths',
      ['POST /api/x HTTP/1.1', host, 'Content-Length: 1', 'Content-Length: 2'],
      'ab',
      400,
    ],
    [
      'two equal lengths',
      ['POST /api/x HTTP/1.1', host, 'Content-Length: 1', 'Content-Length: 1'],
      'a',
      400,
    ],
    [
      'a length and chunks',
      ['POST /api/x HTTP/1.1', host, 'Content-Length: 4', 'Transfer-Encoding: chunked'],
      '0\r\n\r\n',
      400,
    ],
    [
      'chunks that are none',
      ['POST /api/x HTTP/1.1', host, 'Transfer-Encoding: chunked'],
      'zz\r\n',
      400,
    ],
    ['an unknown encoding', ['POST /api/x HTTP/1.1', host, 'Transfer-Encoding: x'], 'a', 400],
    ['a header with a space in its name', ['GET /api/x HTTP/1.1', host, 'X Y: 1'], '', 400],
    ['no host', ['GET /api/x HTTP/1.1'], '', 400],
    ['an encoded slash', ['GET /api/x%2f..%2fy HTTP/1.1', host, close], '', 400],
    ['dot segments', ['GET /api/../admin HTTP/1.1', host, close], '', 400],
    ['two hosts', ['GET /api/x HTTP/1.1', host, 'Host: other.test', close], '', 400],
    ['dot segments in the rest', ['GET /api/x/../../y HTTP/1.1', host, close], '', 400],
    ['encoded dot segments', ['GET /api/%2e%2e/y HTTP/1.1', host, close], '', 400],
    ['a NUL', ['GET /api/%00 HTTP/1.1', host, close], '', 400],
    ['no UTF-8', ['GET /api/%c3%28 HTTP/1.1', host, close], '', 400],
    ['the authority form', ['GET gateway.test:80 HTTP/1.1', host, close], '', 400],
    ['the asterisk form', ['OPTIONS * HTTP/1.1', host, close], '', 400],
    ['20 kB of headers', ['GET /api/x HTTP/1.1', host, `X: ${'y'.repeat(20_000)}`], '', 431],
  ])('%s', async (_, lines, body, status) => {
    const { backend, send } = await start();
    const answer = await send(lines, body);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('application/problem+json');
    expect(backend.seen).toEqual([]);
  });
});

describe('a body that trickles', () => {
  it.each([
    ['of known length', 'Content-Length: 10', 'ab'],
    ['in chunks', 'Transfer-Encoding: chunked', '2\r\nab\r\n'],
  ])('%s gets 408, and the service loses its part', async (_, header, first) => {
    const { backend, gateway } = await start();
    const impatient = await listen(gateway.gateway.handler, {
      port: 0,
      host: '127.0.0.1',
      headersTimeoutMs: 300,
      requestTimeoutMs: 300,
      checkIntervalMs: 100,
    });
    onTestFinished(() => impatient.close());
    const answer = await sendRaw(
      impatient.port,
      `POST /api/x HTTP/1.1\r\n${host}\r\n${header}\r\n\r\n${first}`,
      { timeoutMs: 20_000 },
    );
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer.match(/HTTP\/1.1/g)).toHaveLength(1);
    await expect.poll(() => backend.sockets.size).toBe(0);
    expect(backend.seen).toEqual([]);
  });
});

describe('what the client gets of a careless service', () => {
  it('gets no hop-by-hop header, and the gateway’s request id', async () => {
    const backend = await startRawBackend((request) => {
      request.socket.end(
        'HTTP/1.1 200 OK\r\nConnection: close, X-Inner\r\nX-Inner: 1\r\nKeep-Alive: timeout=9\r\n' +
          'Proxy-Authenticate: Basic\r\nTrailer: X-T\r\nX-Request-Id: theirs\r\nX-Outer: 2\r\n' +
          'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n',
      );
    });
    const gateway = await startGateway(oneUpstream(backend.url));
    const answer = await sendRaw(
      gateway.port,
      `GET /api/x HTTP/1.1\r\n${host}\r\nX-Request-Id: ours\r\n\r\n`,
      { untilText: '0\r\n\r\n' },
    );
    const head = answer.slice(0, answer.indexOf('\r\n\r\n')).toLowerCase();
    expect(head).toContain('x-outer: 2');
    expect(head).toContain('x-request-id: ours');
    expect(head).toContain('connection: keep-alive');
    expect(head).toContain('keep-alive: timeout=75');
    expect(head).not.toMatch(/x-inner|proxy-authenticate|trailer|theirs|timeout=9/);
  });
});
