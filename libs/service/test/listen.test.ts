import { once } from 'node:events';
import { connect } from 'node:net';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ListenError, closingSignalOf, listen, withoutTimeLimit } from '../src/index.ts';
import type { ListenOptions } from '../src/index.ts';
import { createLines } from './support/lines.ts';
import { RawConnection, exchangeRaw, parseAnswer } from './support/raw.ts';
import type { RawAnswer } from './support/raw.ts';

const hello: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-length': 5 });
  response.end('hello');
};

async function start(handler: RequestListener = hello, options: Partial<ListenOptions> = {}) {
  const server = await listen(handler, { port: 0, host: '127.0.0.1', ...options });
  onTestFinished(() => server.close());
  return server;
}

function expectProblem(answer: RawAnswer, status: number, code: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(answer.body)),
    connection: 'close',
  });
  expect(JSON.parse(answer.body)).toMatchObject({
    type: `urn:woodytoys:problem:${code}`,
    status,
    requestId: answer.headers['x-request-id'],
  });
}

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('what the HTTP parser refuses', () => {
  it.each([
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['a TLS handshake', Buffer.from('16030100c8010000c4', 'hex')],
    ['another protocol', 'GET / HTCPCP/1.1\r\nHost: a\r\n\r\n'],
    ['a header without a name', 'GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n'],
    ['a NUL in the path', 'GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a length that is no number', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    ],
    [
      'a length beside chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ])('is 400 for %s', async (_name, request) => {
    const server = await start();
    const answer = parseAnswer(await exchangeRaw(server.port, request));
    expectProblem(answer, 400, 'WT-REQUEST-UNREADABLE');
  });

  it.each([
    ['an unknown method', 'NONSENSE / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['one after another request', `${get}NONSENSE / HTTP/1.1\r\nHost: a\r\n\r\n`],
  ])('is 501 for %s', async (_name, request) => {
    const server = await start();
    const [last = ''] = (await exchangeRaw(server.port, request)).split('hello').slice(-1);
    expectProblem(parseAnswer(last), 501, 'WT-METHOD-NOT-IMPLEMENTED');
  });

  it('is 400 for a chunk that breaks off', async () => {
    const server = await start((request, response) => {
      request.resume().on('end', () => hello(request, response));
    });
    const text = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n';
    const answer = parseAnswer(await exchangeRaw(server.port, text));
    expectProblem(answer, 400, 'WT-REQUEST-UNREADABLE');
  });

  it.each([
    ['one of 20 kB', `X: ${'a'.repeat(20_000)}\r\n`],
    ['a megabyte of them', `X: ${'a'.repeat(1_000_000)}\r\n`],
    ['thousands of small ones', 'X: a\r\n'.repeat(5_000)],
  ])('is 431 for headers over 16 KiB: %s', async (_name, headers) => {
    const lines = createLines();
    const server = await start(hello, { log: lines.log });
    const request = `GET / HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;
    const answer = parseAnswer(await exchangeRaw(server.port, request));
    expectProblem(answer, 431, 'WT-HEADERS-TOO-LARGE');
    expect(lines.lines).toMatchObject([{ status: 431, parserCode: 'HPE_HEADER_OVERFLOW' }]);
  });

  it.each([
    [400, 'hello\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\n\r\n'],
    [431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`],
    [417, 'GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n'],
    [501, 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('is told once, with its status: %s', async (status, request) => {
    const refused: number[] = [];
    const server = await start(hello, { onRefused: (each) => void refused.push(each) });
    await exchangeRaw(server.port, get.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    expect(parseAnswer(await exchangeRaw(server.port, request)).status).toBe(status);
    expect(refused).toEqual([status]);
  });

  it('is 431 also for a client that reads only when it has sent everything', async () => {
    const server = await start();
    const socket = connect(server.port, '127.0.0.1');
    const failed = once(socket, 'error').then(([error]) => Promise.reject(error as Error));
    socket.pause();
    const piece = `X: ${'a'.repeat(100_000)}\r\n`;
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
    for (let sent = 0; sent < 20; sent += 1) {
      await Promise.race([new Promise((done) => socket.write(piece, done)), failed]);
      await sleep(5);
    }
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.resume();
    await Promise.race([once(socket, 'end'), failed]);
    failed.catch(() => {});
    expectProblem(parseAnswer(Buffer.concat(chunks).toString()), 431, 'WT-HEADERS-TOO-LARGE');
    socket.destroy();
  });

  it('is 431 for a path over 16 KiB', async () => {
    const server = await start();
    const request = `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`;
    expectProblem(
      parseAnswer(await exchangeRaw(server.port, request)),
      431,
      'WT-HEADERS-TOO-LARGE',
    );
  });

  it('does not stop headers of 15 kB', async () => {
    const server = await start();
    const connection = new RawConnection(server.port);
    const answer = await connection.ask(
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(15_000)}\r\n\r\n`,
    );
    expect(answer.status).toBe(200);
    connection.socket.destroy();
  });

  const quick = { headersTimeoutMs: 200, requestTimeoutMs: 300, checkIntervalMs: 50 };

  it.each([
    ['headers', 'GET / HTTP/1.1\r\nHost:'],
    ['nothing', ''],
  ])('is 408 for %s that take too long', async (_name, request) => {
    const server = await start(hello, quick);
    const answer = parseAnswer(await exchangeRaw(server.port, request));
    expectProblem(answer, 408, 'WT-REQUEST-TIMEOUT');
  });

  it('is 408 for a body that takes too long', async () => {
    const server = await start((request, response) => {
      request.resume().on('end', () => hello(request, response));
      request.on('error', () => {});
    }, quick);
    const request = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc';
    const answer = parseAnswer(await exchangeRaw(server.port, request));
    expectProblem(answer, 408, 'WT-REQUEST-TIMEOUT');
  });

  it('gets no second answer when the first has begun', async () => {
    const server = await start(hello, quick);
    const request = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc';
    const text = await exchangeRaw(server.port, request);
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('leaves the answer before it on the connection whole', async () => {
    const server = await start();
    const text = await exchangeRaw(server.port, `${get}nonsense\r\n\r\n`);
    const [first = '', second = ''] = text.split('hello');
    expect(first).toMatch(/^HTTP\/1\.1 200 /);
    expectProblem(parseAnswer(second), 400, 'WT-REQUEST-UNREADABLE');
  });

  it('waits for the answer before it on the connection', async () => {
    const server = await start((request, response) => {
      setTimeout(() => hello(request, response), 100);
    });
    const text = await exchangeRaw(server.port, get, 'nonsense\r\n\r\n');
    const [first = '', second = ''] = text.split('hello');
    expect(first).toMatch(/^HTTP\/1\.1 200 /);
    expectProblem(parseAnswer(second), 400, 'WT-REQUEST-UNREADABLE');
  });

  it('does not disturb other connections', async () => {
    const server = await start();
    const other = new RawConnection(server.port);
    expect((await other.ask(get)).status).toBe(200);
    await Promise.all(Array.from({ length: 20 }, () => exchangeRaw(server.port, 'x\r\n\r\n')));
    expect((await other.ask(get)).status).toBe(200);
    other.socket.destroy();
  });
});

describe('what no handler is asked for', () => {
  it('is 417 for an unknown Expect', async () => {
    const server = await start();
    const request = 'GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n';
    expectProblem(
      parseAnswer(await exchangeRaw(server.port, request)),
      417,
      'WT-EXPECTATION-FAILED',
    );
  });

  it('is 501 for CONNECT', async () => {
    const server = await start();
    const request = 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = parseAnswer(await exchangeRaw(server.port, request));
    expectProblem(answer, 501, 'WT-METHOD-NOT-IMPLEMENTED');
  });

  it('is CONNECT by a client that resets its connection, which ends nothing else', async () => {
    const server = await start();
    for (let count = 0; count < 20; count += 1) {
      const socket = connect(server.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write('CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n');
      await sleep(count % 5);
      socket.resetAndDestroy();
    }
    // An error that nobody hears would end the process.
    const connection = new RawConnection(server.port);
    expect((await connection.ask(get)).status).toBe(200);
    connection.socket.destroy();
  });

  it('is CONNECT before the answer to an earlier request, which it gets alone', async () => {
    const server = await start(
      (_request, response) => void setTimeout(() => response.end('first'), 100),
    );
    const text = await exchangeRaw(server.port, `${get}CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*first$/);
  });

  it('is a request behind an answer that ends the connection', async () => {
    const asked: string[] = [];
    const server = await start((request, response) => {
      asked.push(request.url as string);
      response.shouldKeepAlive = false;
      response.end();
    });
    const noHost = 'GET /refused HTTP/1.1\r\n\r\n';
    for (const first of [noHost, 'GET /ended HTTP/1.1\r\nHost: a\r\n\r\n']) {
      await exchangeRaw(server.port, `${first}POST /behind HTTP/1.1\r\nHost: a\r\n\r\n`);
    }
    expect(asked).toEqual(['/ended']);
  });

  it('is the Upgrade header, which is ignored', async () => {
    const server = await start();
    const connection = new RawConnection(server.port);
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    const answer = await connection.ask(`GET / HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`);
    expect(answer.status).toBe(200);
    connection.socket.destroy();
  });

  const webSocket = 'Connection: Upgrade\r\nUpgrade: WebSocket\r\n';

  it('is a WebSocket that the server takes', async () => {
    const server = await start(hello, {
      upgrade: (_request, { socket }, head) => {
        socket?.end(`HTTP/1.1 101 Switching Protocols\r\nX-Head: ${head.toString()}\r\n\r\n`);
      },
    });
    const text = await exchangeRaw(server.port, `GET / HTTP/1.1\r\nHost: a\r\n${webSocket}\r\nab`);
    expect(text).toBe('HTTP/1.1 101 Switching Protocols\r\nX-Head: ab\r\n\r\n');
  });

  it('is a WebSocket that the server refuses with a plain answer', async () => {
    const server = await start(hello, {
      upgrade: (_request, response) => {
        response.writeHead(403).end('no');
      },
    });
    const text = await exchangeRaw(server.port, `GET / HTTP/1.1\r\nHost: a\r\n${webSocket}\r\nab`);
    expect(text).toMatch(/^HTTP\/1\.1 403 [^]*connection: close[^]*no/i);
    const noHost = await exchangeRaw(server.port, `GET / HTTP/1.1\r\n${webSocket}\r\n`);
    expect(noHost).toMatch(/^HTTP\/1\.1 400 [^]*no Host header/);
  });

  it.each([
    ['another protocol', 'GET', 'Connection: Upgrade\r\nUpgrade: h2c\r\n'],
    ['a body', 'GET', `${webSocket}Content-Length: 2\r\n`],
    ['another method', 'POST', webSocket],
  ])('is an upgrade with %s, which is ignored', async (_, method, headers) => {
    const server = await start(hello, {
      upgrade: (_request, response) => response.destroy(),
    });
    const head = `${method} / HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;
    const connection = new RawConnection(server.port);
    expect((await connection.ask(`${head}ab`)).status).toBe(200);
    connection.socket.destroy();
  });

  it('is a WebSocket asked for before the answer to an earlier request, which it gets alone', async () => {
    const server = await start(
      (_request, response) => void setTimeout(() => response.end('first'), 100),
      { upgrade: (_request, response) => void response.end('second') },
    );
    const head = 'GET / HTTP/1.1\r\nHost: a\r\n';
    const text = await exchangeRaw(server.port, `${head}\r\n${head}${webSocket}\r\n`);
    expect(text).toMatch(/first/);
    expect(text).not.toMatch(/second/);
  });

  it('is a body that may take longer than the limit', async () => {
    const server = await start(
      (request, response) => {
        withoutTimeLimit(request);
        request.resume().on('end', () => hello(request, response));
      },
      { requestTimeoutMs: 100, headersTimeoutMs: 100, checkIntervalMs: 50 },
    );
    const connection = new RawConnection(server.port);
    connection.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na');
    await sleep(1_000);
    expect((await connection.ask('b')).status).toBe(200);
    connection.socket.destroy();
  });

  it('allows HTTP/1.0 without Host', async () => {
    const server = await start();
    expect(await exchangeRaw(server.port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('answers Expect: 100-continue', async () => {
    const server = await start((request, response) => {
      request.resume().on('end', () => hello(request, response));
    });
    const connection = new RawConnection(server.port);
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n';
    expect((await connection.ask(head)).status).toBe(100);
    expect((await connection.ask('ab')).status).toBe(200);
    connection.socket.destroy();
  });
});

describe('a server', () => {
  it('keeps connections alive for 75 s unless told otherwise', async () => {
    const server = await start();
    const connection = new RawConnection(server.port);
    const answer = await connection.ask(get);
    expect(answer.headers['connection']).toBe('keep-alive');
    expect(answer.headers['keep-alive']).toBe('timeout=75');
    connection.socket.destroy();
  });

  it('says in one line that its port is taken', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    const refused = await listen(hello, { port, host: '127.0.0.1' }).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(ListenError);
    expect(refused).toMatchObject({
      code: 'EADDRINUSE',
      message: `Cannot listen on 127.0.0.1:${port}: another process listens there; stop it or choose another port.`,
    });
  });

  it('says that an address is not of this machine', async () => {
    const refused = listen(hello, { port: 0, host: '192.0.2.1' });
    await expect(refused).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });
});

describe('a server that lingers', () => {
  it('refuses new connections, and ends each kept one with its next answer', async () => {
    const server = await start(
      (_request, response) => {
        response.setHeader('x-a', '1');
        response.writeHead(200, ['content-length', '2', 'x-b', '2']);
        response.end('ok');
      },
      { lingerMs: 60_000 },
    );
    const kept = new RawConnection(server.port);
    expect((await kept.ask(get)).headers['connection']).toBe('keep-alive');
    const closing = server.close();
    await sleep(700);
    await expect(exchangeRaw(server.port, get)).rejects.toThrow(/ECONNREFUSED/);
    expect((await kept.ask(get)).headers).toMatchObject({ connection: 'close', 'x-b': '2' });
    await kept.closed;
    // Nothing is left to linger for.
    await closing;
  });

  it('answers on connections that the system has made and nobody has accepted yet', async () => {
    const server = await start(hello, { lingerMs: 500 });
    const crowd = Array.from({ length: 60 }, () => new RawConnection(server.port));
    const answers = crowd.map((connection) => connection.ask(get));
    await new Promise((connected) => crowd[0]?.socket.once('connect', connected));
    const closing = server.close();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses).toEqual(crowd.map(() => 200));
    await closing;
  });

  it('cuts what is idle in the end', async () => {
    const server = await start(hello, { lingerMs: 300 });
    const kept = new RawConnection(server.port);
    await kept.ask(get);
    await server.close();
    await kept.closed;
  });
});

describe('a server that closes', () => {
  it('waits for the requests in flight, and cuts idle and silent connections', async () => {
    const held: (() => void)[] = [];
    const server = await start((request, response) => {
      if (request.url === '/slow') held.push(() => hello(request, response));
      else hello(request, response);
    });
    const idle = new RawConnection(server.port);
    await idle.ask(get);
    const silent = new RawConnection(server.port);
    const half = new RawConnection(server.port);
    half.socket.write('GET / HTTP/1.1\r\nHo');
    const busy = new RawConnection(server.port);
    const answer = busy.ask('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    while (held.length === 0) await sleep(5);

    let closed = false;
    const closing = server.close().then(() => {
      closed = true;
    });
    await Promise.all([idle.closed, silent.closed, half.closed]);
    await sleep(50);
    expect(closed).toBe(false);
    await expect(exchangeRaw(server.port, get)).rejects.toThrow(/ECONNREFUSED/);

    held.forEach((release) => release());
    expect((await answer).status).toBe(200);
    await closing;
    await busy.closed;
  });

  it('still answers a request that was on its way, on a new connection and on a kept one', async () => {
    const server = await start();
    const half = 'GET / HTTP/1.1\r\nHo';
    const young = new RawConnection(server.port);
    const kept = new RawConnection(server.port);
    await kept.ask(get);
    young.socket.write(half);
    kept.socket.write(half);
    await sleep(100);
    const closing = server.close();
    for (let turn = 0; turn < 5; turn += 1) await new Promise((next) => setImmediate(next));
    const rest = 'st: a\r\n\r\n';
    for (const connection of [young, kept]) {
      expect(await connection.ask(rest)).toMatchObject({
        status: 200,
        headers: { connection: 'close' },
      });
    }
    await closing;
  });

  it('answers every request that stands in line on a connection, and says with the last that it ends', async () => {
    const ends: (() => void)[] = [];
    const server = await start((_request, response) => {
      ends.push(() => response.writeHead(200, { 'content-length': 2 }).end('ok'));
    });
    const connection = new RawConnection(server.port);
    connection.socket.write(get);
    while (ends.length < 1) await sleep(5);
    const closing = server.close();
    connection.socket.write(get + get + get);
    while (ends.length < 4) await sleep(5);
    // The order in which a handler is done is not that of the requests.
    ends.reverse().forEach((end) => end());
    const kept: (string | undefined)[] = [];
    for (let count = 0; count < 4; count += 1) {
      kept.push((await connection.answer()).headers['connection']);
    }
    expect(kept).toEqual(['keep-alive', 'keep-alive', 'keep-alive', 'close']);
    await closing;
  });

  it('ends a connection whose answer had promised to keep it', async () => {
    const ends: (() => void)[] = [];
    const server = await start((_request, response) => {
      response.writeHead(200, { 'content-length': 2 });
      response.write('o');
      ends.push(() => response.end('k'));
    });
    const connection = new RawConnection(server.port);
    const answer = connection.ask(get);
    while (ends.length === 0) await sleep(5);
    const closing = server.close();
    ends.forEach((end) => end());
    expect((await answer).headers['connection']).toBe('keep-alive');
    await closing;
    await connection.closed;
  });

  it('may be asked to more than once', async () => {
    const server = await start();
    await Promise.all([server.close(), server.close()]);
    await server.close();
  });

  it('tells streams', async () => {
    const server = await start((request, response) => {
      response.writeHead(200);
      response.write('a');
      closingSignalOf(request).addEventListener('abort', () => response.end('b'));
    });
    const response = await fetch(`http://127.0.0.1:${server.port}`);
    const text = response.text();
    await server.close();
    expect(await text).toBe('ab');
  });

  it('does not end when a handler never does, until its client goes', async () => {
    let begun = false;
    const server = await start(() => {
      begun = true;
    });
    const socket = connect(server.port, '127.0.0.1');
    socket.write(get);
    while (!begun) await sleep(5);
    let closed = false;
    const closing = server.close().then(() => {
      closed = true;
    });
    await sleep(100);
    expect(closed).toBe(false);
    socket.destroy();
    await closing;
  });
});
