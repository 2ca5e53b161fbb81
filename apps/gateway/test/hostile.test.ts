/** What a hostile client or service sends, byte by byte. `hygiene.test.ts` has what is only unclean. */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { listen } from '@woodytoys/service';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startByteServer } from './support/byte-server.ts';
import { oneUpstream, sendRaw, startGateway } from './support/gateway.ts';

const HOST = 'Host: gateway.test';
const CLOSE = 'Connection: close';
const HIDDEN = 'GET /api/smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A service whose parser forgives what it can: it would see what the gateway lets through. */
async function startLenient() {
  const seen: Seen[] = [];
  const server = createServer({ insecureHTTPParser: true }, (request, response) => {
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers });
    request.on('error', () => {}).resume();
    request.on('end', () => response.end('ok'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** By which endpoint a service is asked: each has HTTP code of its own. */
const ENDPOINTS = ['http', 'stream'] as const;
type Endpoint = (typeof ENDPOINTS)[number];

const configuration = (endpoint: Endpoint, url: string, route = '') =>
  oneUpstream(url, { route }).replace('{ http:', `{ ${endpoint}:`);

async function start(routes = '', endpoint: Endpoint = 'http') {
  const backend = await startLenient();
  const gateway = await startGateway(configuration(endpoint, backend.url) + routes);
  // Headers and bodies that stop coming are given up sooner than a test is.
  const server = await listen(gateway.gateway.handler, {
    port: 0,
    host: '127.0.0.1',
    headersTimeoutMs: 700,
    requestTimeoutMs: 700,
    checkIntervalMs: 100,
    upgrade: gateway.gateway.upgrade,
  });
  onTestFinished(() => server.close());
  const send = (bytes: string, timeoutMs = 20_000) =>
    sendRaw(server.port, Buffer.from(bytes, 'latin1'), { timeoutMs });
  /** The gateway is well: the next request has its answer. */
  const stillAnswers = async () => {
    const answer = await send(`GET /api/next HTTP/1.1\r\n${HOST}\r\n${CLOSE}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*ok$/);
    expect(backend.seen.at(-1)?.url).toBe('/next');
  };
  return { backend, gateway, port: server.port, send, stillAnswers };
}

const statusesOf = (answer: string) =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

const get = (...lines: string[]) =>
  `GET /api/x HTTP/1.1\r\n${[HOST, ...lines].join('\r\n')}\r\n\r\n`;
const post = (lines: readonly string[], body: string) =>
  `POST /api/x HTTP/1.1\r\n${[HOST, ...lines].join('\r\n')}\r\n\r\n${body}`;
const chunked = (body: string) => post(['Transfer-Encoding: chunked'], body);
const target = (text: string) => `GET ${text} HTTP/1.1\r\n${HOST}\r\n${CLOSE}\r\n\r\n`;

describe.each(ENDPOINTS)(
  'a hostile request to %s is refused with one answer, and no service sees one that hides in it',
  (endpoint) => {
    it.each([
      // Where does the body end?
      [
        'a length and chunks',
        post(['Content-Length: 4', 'Transfer-Encoding: chunked'], `0\r\n\r\n${HIDDEN}`),
        400,
      ],
      [
        'chunks and a length',
        post(['Transfer-Encoding: chunked', 'Content-Length: 4'], `0\r\n\r\n${HIDDEN}`),
        400,
      ],
      ['two lengths', post(['Content-Length: 0', `Content-Length: ${HIDDEN.length}`], HIDDEN), 400],
      ['two lengths in one', post([`Content-Length: 0, ${HIDDEN.length}`], HIDDEN), 400],
      ['a length with a sign', post(['Content-Length: +5'], HIDDEN), 400],
      ['a negative length', post(['Content-Length: -5'], HIDDEN), 400],
      ['a hexadecimal length', post(['Content-Length: 0x5'], HIDDEN), 400],
      ['an empty length', post(['Content-Length: '], HIDDEN), 400],
      ['a length past all numbers', post(['Content-Length: 99999999999999999999999'], HIDDEN), 400],
      [
        'an encoding like chunked',
        post(['Transfer-Encoding: xchunked'], `0\r\n\r\n${HIDDEN}`),
        400,
      ],
      [
        'chunked that is not last',
        post(['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${HIDDEN}`),
        400,
      ],
      [
        'chunked behind another',
        post(['Transfer-Encoding: gzip, chunked'], `0\r\n\r\n${HIDDEN}`),
        400,
      ],
      ['identity', post(['Transfer-Encoding: identity'], HIDDEN), 400],
      [
        'two encodings',
        post(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0\r\n\r\n${HIDDEN}`),
        400,
      ],
      [
        'an encoding after a vertical tab',
        post(['Transfer-Encoding: \u000bchunked'], `0\r\n\r\n${HIDDEN}`),
        400,
      ],
      [
        'an encoding with a space before the colon',
        post(['Transfer-Encoding : chunked'], `0\r\n\r\n${HIDDEN}`),
        400,
      ],
      [
        'an encoding on a folded line',
        post(['X: 1', ' Transfer-Encoding: chunked'], `0\r\n\r\n${HIDDEN}`),
        400,
      ],
      [
        'chunks in HTTP/1.0',
        `POST /api/x HTTP/1.0\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
        400,
      ],
      // Chunks
      ['a chunk that is no number', chunked(`zz\r\n${HIDDEN}`), 400],
      ['a chunk of a negative size', chunked(`-1\r\na\r\n0\r\n\r\n${HIDDEN}`), 400],
      ['a chunk of size 0x1', chunked(`0x1\r\na\r\n0\r\n\r\n${HIDDEN}`), 400],
      ['a chunk past all numbers', chunked(`ffffffffffffffffff\r\n${HIDDEN}`), 400],
      ['a chunk longer than its size', chunked(`1\r\nab0\r\n\r\n${HIDDEN}`), 400],
      ['a chunk without CR', chunked(`1\na\r\n0\r\n\r\n${HIDDEN}`), 400],
      ['a chunk with a space behind its size', chunked(`1 \r\na\r\n0\r\n\r\n${HIDDEN}`), 400],
      ['a chunk extension with a bare LF', chunked(`1;a\nb\r\na\r\n0\r\n\r\n${HIDDEN}`), 400],
      ['chunk extensions without end', chunked(`1;${'a'.repeat(20_000)}\r\na\r\n0\r\n\r\n`), 413],
      [
        'a length in the trailer',
        chunked(`1\r\na\r\n0\r\nContent-Length: 50\r\n\r\n${HIDDEN}`),
        400,
      ],
      // Lines
      ['bare LF', `GET /api/x HTTP/1.1\n${HOST}\n\n${HIDDEN}`, 400],
      ['a header that ends with LF alone', get('X: a\nY: b'), 400],
      ['a header with a CR in it', get('X: a\rY: b'), 400],
      ['a folded header', get('X: a', ' b'), 400],
      ['a header without a name', get(': a'), 400],
      ['a header without a colon', get('X'), 400],
      ['a NUL in a header', get('X: a\u0000b'), 400],
      ['two hosts', get('Host: other.test', CLOSE), 400],
      ['no host', `GET /api/x HTTP/1.1\r\n\r\n`, 400],
      ['20 kB of headers', get(`X: ${'y'.repeat(20_000)}`), 431],
      ['3,000 headers', get(...Array.from({ length: 3_000 }, (_, index) => `h${index}: 1`)), 431],
      ['a header without end', `GET /api/x HTTP/1.1\r\n${HOST}\r\nX: ${'y'.repeat(1_000)}`, 408],
      ['headers without end', `GET /api/x HTTP/1.1\r\n${HOST}\r\n`, 408],
      // The first line
      ['HTTP/0.9', `GET /api/x\r\n\r\n`, 400],
      ['HTTP/1.2', `GET /api/x HTTP/1.2\r\n${HOST}\r\n\r\n`, 400],
      ['HTTP/3.0', `GET /api/x HTTP/3.0\r\n${HOST}\r\n\r\n`, 400],
      ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
      ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', 400],
      ['an unknown method', `BREW /api/x HTTP/1.1\r\n${HOST}\r\n\r\n`, 501],
      ['a method in lower case', `get /api/x HTTP/1.1\r\n${HOST}\r\n\r\n`, 501],
      ['a method that no route has', `TRACE /api/x HTTP/1.1\r\n${HOST}\r\n${CLOSE}\r\n\r\n`, 405],
      ['CONNECT', `CONNECT gateway.test:80 HTTP/1.1\r\n${HOST}\r\n\r\n`, 501],
      // The target
      ['the authority form', target('gateway.test:80'), 400],
      ['the asterisk form', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n${CLOSE}\r\n\r\n`, 400],
      ['another scheme', target('ftp://gateway.test/api/x'), 400],
      ['a user in the host', target('http://gateway.test@other.test/api/x'), 400],
      ['a fragment', target('/api/x#/../admin'), 400],
      ['a fragment in the query', target('/api/x?a#b'), 400],
      ['a NUL', target('/api/\u0000'), 400],
      ['an encoded NUL', target('/api/a%00b'), 400],
      ['bytes that are no ASCII', target('/api/\u00e9'), 400],
      ['no UTF-8', target('/api/%c3%28'), 400],
      ['UTF-8 that is too long', target('/api/%c0%ae%c0%ae/x'), 400],
      ['half an escape', target('/api/%2'), 400],
      ['dot segments', target('/api/../x'), 400],
      ['encoded dot segments', target('/api/%2e%2E/x'), 400],
      ['dot segments behind a slash', target('/api//../x'), 400],
      ['an encoded slash', target('/api/a%2fb'), 400],
      ['an encoded backslash', target('/api/a%5cb'), 400],
      ['dot segments after an encoded slash', target('/api/..%2f..%2fadmin'), 400],
      // Others
      ['an expectation', get('Expect: 200-ok', CLOSE), 417],
      [
        'a WebSocket where there is none',
        get('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13') + HIDDEN,
        400,
      ],
    ])('%s', async (_, bytes, status) => {
      const { backend, send, stillAnswers } = await start('', endpoint);
      const answer = await send(bytes);
      expect(statusesOf(answer)).toEqual([status]);
      expect(backend.seen.filter(({ url }) => url !== '/x')).toEqual([]);
      await stillAnswers();
    });
  },
);

describe.each(ENDPOINTS)('what %s lets through means one thing to every hop', (endpoint) => {
  it('a length in a body with the same bytes', async () => {
    const { backend, send } = await start('', endpoint);
    const answer = await send(post([`Content-Length: ${HIDDEN.length}`, CLOSE], HIDDEN));
    expect(statusesOf(answer)).toEqual([200]);
    expect(backend.seen.map(({ url }) => url)).toEqual(['/x']);
  });

  it('names that Connection cannot take away, and others that it does', async () => {
    const { backend, send } = await start('', endpoint);
    await send(
      get(
        'Connection: close, x-request-id, traceparent, x-forwarded-for, x-user-id, authorization, cookie, host, x-mine',
        'X-Request-Id: chosen',
        'Authorization: Bearer t',
        'Cookie: a=1',
        'X-Mine: 1',
      ),
    );
    expect(backend.seen[0]?.headers).toMatchObject({
      authorization: 'Bearer t',
      cookie: 'a=1',
      'x-request-id': 'chosen',
      'x-forwarded-for': '127.0.0.1',
      traceparent: expect.any(String) as string,
    });
    expect(backend.seen[0]?.headers).not.toHaveProperty('x-mine');
  });

  it('no identity or length under a name with underscores', async () => {
    const { backend, send } = await start('', endpoint);
    const body = 'ab';
    await send(
      post(
        [
          'X_User_Id: 1',
          'X-User_Roles: admin',
          'X_Forwarded_For: 10.0.0.1',
          'Content_Length: 99',
          'Transfer_Encoding: chunked',
          'My_Header: kept',
          `Content-Length: ${body.length}`,
          CLOSE,
        ],
        body,
      ),
    );
    const [seen] = backend.seen;
    const names = Object.keys(seen?.headers ?? {});
    expect(names.filter((name) => name.includes('_'))).toEqual(['my_header']);
    expect(seen?.headers).toMatchObject({ 'content-length': '2', 'x-forwarded-for': '127.0.0.1' });
  });

  it('no header of the trailer', async () => {
    const { backend, send } = await start('', endpoint);
    const trailer = 'X-User-Id: 1\r\nX-Other: 2\r\n';
    const answer = await send(
      post(['Transfer-Encoding: chunked', CLOSE], `1\r\na\r\n0\r\n${trailer}\r\n`),
    );
    expect(statusesOf(answer)).toEqual([200]);
    expect(backend.seen[0]?.headers).not.toHaveProperty('x-user-id');
  });

  it('the host of an absolute target, whatever Host says', async () => {
    const own = `
  - path: /api/*
    host: inner.test
    methods: [GET]
    endpoint: { reply: { text: inner } }
`;
    const { backend, send } = await start(own, endpoint);
    const request = (uri: string, host: string) =>
      send(`GET ${uri} HTTP/1.1\r\nHost: ${host}\r\n${CLOSE}\r\n\r\n`);
    expect(await request('http://other.test/api/x', 'inner.test')).toMatch(/ok$/);
    expect(backend.seen[0]?.headers['x-forwarded-host']).toBe('other.test');
    expect(await request('http://inner.test:80/api/x', 'other.test')).toMatch(/inner$/);
    expect(backend.seen).toHaveLength(1);
  });

  it('a path that was encoded twice is decoded once', async () => {
    const { backend, send } = await start('', endpoint);
    for (const path of ['/api/%252e%252e/x', '/api/a%252fb']) await send(target(path));
    expect(backend.seen.map(({ url }) => url)).toEqual(['/%252e%252e/x', '/a%252fb']);
  });

  it('requests behind one another get their answers in order', async () => {
    const { backend, send } = await start('', endpoint);
    const one = (path: string, ...lines: string[]) =>
      `GET /api/${path} HTTP/1.1\r\n${[HOST, `X-Request-Id: ${path}`, ...lines].join('\r\n')}\r\n\r\n`;
    const answer = await send(one('a') + one('b') + one('c', CLOSE) + one('smuggled'));
    expect(statusesOf(answer)).toEqual([200, 200, 200]);
    expect([...answer.matchAll(/x-request-id: (\w+)/g)].map(([, id]) => id)).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(backend.seen.map(({ url }) => url).sort()).toEqual(['/a', '/b', '/c']);
  });

  it('a good request before a bad one keeps its answer', async () => {
    const { send, stillAnswers } = await start('', endpoint);
    const answer = await send(get() + get('X Y: 1'));
    expect(statusesOf(answer)).toEqual([200, 400]);
    await stillAnswers();
  });
});

describe.each(ENDPOINTS)('a hostile service of %s', (endpoint) => {
  const ok = 'HTTP/1.1 200 OK\r\n';
  const other = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';

  it.each([
    ['two lengths', `${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    [
      'a length and chunks',
      `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a length that is none', `${ok}Content-Length: x\r\n\r\nab`],
    ['a header with a CR in it', `${ok}X: a\rSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nab`],
    ['a header with a NUL in it', `${ok}X: a\u0000b\r\nContent-Length: 2\r\n\r\nab`],
    ['a header with a space in its name', `${ok}X Y: a\r\nContent-Length: 2\r\n\r\nab`],
    ['headers without end', `${ok}${`X: ${'y'.repeat(1_000)}\r\n`.repeat(100)}`],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['another version', 'HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\nab'],
    ['nothing', ''],
    ['half a head', `${ok}Content-Le`],
    ['only 1xx', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(500)],
  ])('that answers %s is a 502', async (_, bytes) => {
    const server = await startByteServer((socket) => socket.end(Buffer.from(bytes, 'latin1')));
    const gateway = await startGateway(configuration(endpoint, server.url));
    const answer = await sendRaw(gateway.port, post(['Content-Length: 1', CLOSE], 'a'), {
      timeoutMs: 20_000,
    });
    expect(statusesOf(answer)).toEqual([502]);
    expect(answer).toContain('application/problem+json');
    expect(answer).not.toContain('evil');
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  it.each([
    ['less than its length', `${ok}Content-Length: 9\r\n\r\nab`],
    ['a bad chunk', `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n`],
    ['chunks without end', `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n`],
  ])('that answers %s is a cut connection, not a whole answer', async (_, bytes) => {
    const server = await startByteServer((socket) => socket.end(bytes));
    const gateway = await startGateway(configuration(endpoint, server.url));
    await expect(
      fetch(`${gateway.url}/api/x`, { method: 'POST', body: 'a' }).then((response) =>
        response.text(),
      ),
    ).rejects.toThrow();
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  it('that answers more than its length gives nobody the rest', async () => {
    const server = await startByteServer((socket) =>
      socket.write(`${ok}Content-Length: 4\r\n\r\ngood${other}`),
    );
    const gateway = await startGateway(configuration(endpoint, server.url));
    for (let count = 0; count < 20; count += 1) {
      const response = await fetch(`${gateway.url}/api/x`);
      if (response.status === 200) expect(await response.text()).toBe('good');
      else expect(response.status).toBe(502);
    }
  });

  it('that answers what nobody asked, on a connection at rest, gives it to nobody', async () => {
    const server = await startByteServer((socket) => {
      socket.write(`${ok}Content-Length: 4\r\n\r\ngood`);
      setTimeout(() => socket.write(other), 20);
    });
    const gateway = await startGateway(configuration(endpoint, server.url));
    for (let count = 0; count < 5; count += 1) {
      const response = await fetch(`${gateway.url}/api/x`);
      expect(await response.text()).toBe('good');
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  });

  it('that answers before it has the body gives its answer, and the next request has another', async () => {
    const server = await startByteServer((socket) =>
      socket.write(`${ok}Content-Length: 5\r\n\r\nearly`),
    );
    const gateway = await startGateway(configuration(endpoint, server.url, 'maxBody: 10MB'));
    for (let count = 0; count < 3; count += 1) {
      const response = await fetch(`${gateway.url}/api/x`, {
        method: 'POST',
        body: Buffer.alloc(3_000_000),
      });
      expect([response.status, await response.text()]).toEqual([200, 'early']);
    }
  });

  it('that answers HEAD, 204 and 304 with a body gives nobody that body', async () => {
    for (const head of ['HTTP/1.1 204 No Content\r\n', 'HTTP/1.1 304 Not Modified\r\n']) {
      const server = await startByteServer((socket) => socket.write(`${head}\r\n${other}`));
      const gateway = await startGateway(configuration(endpoint, server.url));
      const answer = await sendRaw(gateway.port, get(CLOSE));
      expect(statusesOf(answer)).toHaveLength(1);
      expect(answer).not.toContain('evil');
    }
  });

  it('that floods with 1xx is given up in time', async () => {
    const flood = (socket: Socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 20);
      socket.once('close', () => clearInterval(timer));
    };
    const server = await startByteServer(flood);
    const gateway = await startGateway(configuration(endpoint, server.url, 'timeout: 500ms'));
    const answer = await sendRaw(gateway.port, get(CLOSE), { timeoutMs: 20_000 });
    expect(statusesOf(answer)).toEqual([504]);
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  it('that switches protocols without being asked is a 502', async () => {
    const server = await startByteServer((socket) =>
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nevil',
      ),
    );
    const gateway = await startGateway(configuration(endpoint, server.url, 'timeout: 2s'));
    const answer = await sendRaw(gateway.port, get(CLOSE), { timeoutMs: 20_000 });
    expect(statusesOf(answer)).toEqual([502]);
    expect(answer).not.toContain('evil');
  });
});

describe('any bytes', () => {
  const line = fc.constantFrom(
    'GET /api/x HTTP/1.1',
    'POST /api/x HTTP/1.1',
    'HEAD /api/x HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'GET http://a/api/x HTTP/1.1',
    'GET /api/../x HTTP/1.1',
    'GET /api/%2f HTTP/1.1',
    'PUT /api/x HTTP/1.0',
  );
  const header = fc.constantFrom(
    'Content-Length: 4',
    'Content-Length: 0',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: x',
    'Connection: close',
    'Connection: keep-alive',
    'Connection: upgrade',
    'Upgrade: websocket',
    'Upgrade: h2c',
    'Expect: 100-continue',
    'Host: b',
    'X: y',
    'X-User-Id: 1',
    'TE: trailers',
    'Content-Encoding: gzip',
    'Sec-WebSocket-Version: 13',
  );
  const body = fc.constantFrom('', 'abcd', '4\r\nabcd\r\n0\r\n\r\n', '0\r\n\r\n', 'zz\r\n', HIDDEN);
  const edit = fc.record({
    at: fc.nat(400),
    cut: fc.nat(3),
    put: fc.constantFrom(
      '',
      '\r',
      '\n',
      '\r\n',
      ' ',
      '\t',
      '\u0000',
      ':',
      ';',
      '\u00ff',
      '0',
      'x',
      '%',
      '#',
    ),
  });
  const bytes = fc
    .record({
      requests: fc.array(fc.record({ line, headers: fc.array(header, { maxLength: 4 }), body }), {
        minLength: 1,
        maxLength: 3,
      }),
      edits: fc.array(edit, { maxLength: 3 }),
    })
    .map(({ requests, edits }) => {
      let text = requests
        .map((one) => `${[one.line, HOST, ...one.headers].join('\r\n')}\r\n\r\n${one.body}`)
        .join('');
      for (const { at, cut, put } of edits) text = text.slice(0, at) + put + text.slice(at + cut);
      return text;
    });

  /** Sends all, ends its side, and reads to the end; undefined when there is none. */
  function exchange(port: number, text: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      let received = '';
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () =>
        socket.end(Buffer.from(text, 'latin1')),
      );
      const timer = setTimeout(() => {
        socket.destroy();
        resolve(undefined);
      }, 20_000);
      socket.on('data', (chunk) => (received += chunk.toString('latin1')));
      socket.on('error', () => {});
      socket.on('end', () => socket.destroy());
      socket.on('close', () => {
        clearTimeout(timer);
        resolve(received);
      });
    });
  }

  it(
    'get no 5xx of the gateway’s own, no second answer, no end that never comes',
    { timeout: 240_000 },
    async () => {
      const { backend, port, stillAnswers } = await start();
      await fc.assert(
        fc.asyncProperty(fc.array(bytes, { minLength: 8, maxLength: 8 }), async (texts) => {
          const answers = await Promise.all(texts.map((text) => exchange(port, text)));
          for (const [index, answer] of answers.entries()) {
            expect(answer).toBeDefined();
            const final = statusesOf(answer as string).filter((status) => status >= 200);
            expect(final.filter((status) => status >= 500 && status !== 501)).toEqual([]);
            // A line that begins a request, and one answer for what follows the last.
            const asked = (texts[index] as string).match(/HTTP\/\d|\/api/g)?.length ?? 0;
            expect(final.length).toBeLessThanOrEqual(asked + 1);
          }
        }),
        { numRuns: 60 },
      );
      await stillAnswers();
      for (const { headers } of backend.seen) {
        expect(headers).not.toHaveProperty('x-user-id');
        expect(headers).not.toHaveProperty('upgrade');
      }
    },
  );
});
