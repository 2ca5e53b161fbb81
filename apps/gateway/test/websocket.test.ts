import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect as connectTcp } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { startBackend, unusedPort } from './support/backend.ts';
import { startByteServer } from './support/byte-server.ts';
import { sendRaw, startGateway } from './support/gateway.ts';
import type { RunningGateway } from './support/gateway.ts';

const configuration = (discover: string, route = '') => `
upstreams:
  a: { discover: '${discover}' }
routes:
  - path: /chat/{room}
    methods: [GET]
    endpoint: { stream: { upstream: a, path: '/rooms/{room}', websocket: true } }
    ${route}
  - path: /events
    methods: [GET]
    endpoint: { stream: { upstream: a } }
  - path: /plain
    methods: [GET]
    endpoint: { http: { upstream: a } }
`;

const REQUEST =
  'GET /chat/1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n';

interface ChatServer {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  /** How each WebSocket was closed, by code. */
  readonly closes: readonly number[];
  readonly sockets: ReadonlySet<Socket>;
  readonly server: WebSocketServer;
}

/** A real WebSocket server that sends each message back. */
async function startChat(): Promise<ChatServer> {
  const http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: true });
  const requests: IncomingMessage[] = [];
  const closes: number[] = [];
  const sockets = new Set<Socket>();
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('connection', (socket, request) => {
    requests.push(request);
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('close', (code) => closes.push(code));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    http.closeAllConnections();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests, closes, sockets, server };
}

function connect(gateway: RunningGateway, path: string, options = {}): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, ['chat', 'other'], options);
  socket.on('error', () => {});
  onTestFinished(() => socket.terminate());
  return socket;
}

async function open(gateway: RunningGateway, path = '/chat/1', options = {}): Promise<WebSocket> {
  const socket = connect(gateway, path, options);
  await once(socket, 'open');
  return socket;
}

async function echo(socket: WebSocket, data: string | Buffer): Promise<Buffer> {
  const answer = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(data);
  return (await answer)[0];
}

/** The answer to a request for WebSocket that was refused. */
async function refusal(socket: WebSocket): Promise<{ status: number; body: string }> {
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const chunk of answer) body += String(chunk);
  return { status: answer.statusCode as number, body };
}

const openStreams = (gateway: RunningGateway) =>
  gateway.metric('gateway_streams_open', { kind: 'websocket' });

describe('a WebSocket', () => {
  it('is passed on under clean headers, each way', async () => {
    const chat = await startChat();
    const gateway = await startGateway(configuration(chat.url));
    const headers = { 'X-User-Id': '1', 'X-Forwarded-For': '10.0.0.1', 'X-Request-Id': 'ws-1' };
    const socket = connect(gateway, '/chat/7?from=2', { headers });
    const opened = once(socket, 'open');
    const [answer] = (await once(socket, 'upgrade')) as [IncomingMessage];
    expect(answer.headers).toMatchObject({
      connection: 'Upgrade',
      upgrade: 'websocket',
      'x-request-id': 'ws-1',
    });
    await opened;
    expect(socket.protocol).toBe('chat');
    expect(socket.extensions).toBe('permessage-deflate');
    expect((await echo(socket, 'hello')).toString()).toBe('hello');
    const [request] = chat.requests;
    expect(request?.url).toBe('/rooms/7?from=2');
    expect(request?.headers).toMatchObject({
      host: new URL(chat.url).host,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-path': '/chat/7',
      'x-request-id': 'ws-1',
    });
    expect(request?.headers).not.toHaveProperty('x-user-id');
  });

  it('carries large messages whole, both ways', async () => {
    const chat = await startChat();
    const gateway = await startGateway(configuration(chat.url));
    const socket = await open(gateway, '/chat/1', { perMessageDeflate: false });
    for (const bytes of [125, 126, 65_535, 65_536, 8_000_000]) {
      const data = Buffer.alloc(bytes, `${bytes}-`);
      expect((await echo(socket, data)).equals(data)).toBe(true);
    }
  });

  it('carries what the client sends with its request', async () => {
    const chat = await startChat();
    const gateway = await startGateway(configuration(chat.url));
    const masked = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]);
    const answer = await sendRaw(
      gateway.port,
      Buffer.concat([Buffer.from(`${REQUEST}\r\n`), masked]),
      { untilText: '\u0081\u0002hi' },
    );
    expect(answer).toMatch(/^HTTP\/1.1 101 [^]*\u0081\u0002hi$/);
  });

  it('carries what the service sends with its answer, at once and behind it', async () => {
    const server = await startByteServer((socket) => {
      socket.write(Buffer.from(`${SWITCHED}Upgrade: websocket\r\n\r\n\u0081\u0002hi`, 'latin1'));
      setTimeout(() => socket.write(Buffer.from('\u0081\u0003you', 'latin1')), 50);
    });
    const gateway = await startGateway(configuration(server.url));
    const answer = await sendRaw(gateway.port, `${REQUEST}\r\n`, { untilText: 'you' });
    expect(answer).toMatch(/^HTTP\/1.1 101 [^]*\r\n\r\n\u0081\u0002hi\u0081\u0003you$/);
  });

  it('names to the service who asks, whatever its request says of that', async () => {
    const chat = await startChat();
    const gateway = await startGateway(configuration(chat.url));
    const socket = await open(gateway, '/chat/1', {
      headers: {
        'X-User-Id': '1',
        X_User_Roles: 'admin',
        'X-Forwarded-For': '10.0.0.1',
        Forwarded: 'for=10.0.0.1',
        constructor: 'kept',
      },
    });
    const { headers } = chat.requests[0] as IncomingMessage;
    expect(headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', constructor: 'kept' });
    for (const name of ['x-user-id', 'x_user_roles', 'forwarded']) {
      expect(headers).not.toHaveProperty(name);
    }
    socket.terminate();
  });

  it('may break off at any moment, on either side', async () => {
    let count = 0;
    const server = await startByteServer((socket) => {
      const moment = count++ % 8;
      setTimeout(() => socket.write(`${SWITCHED}Upgrade: websocket\r\n\r\n`), moment);
      if (moment > 4) setTimeout(() => socket.resetAndDestroy(), moment);
    });
    const gateway = await startGateway(configuration(server.url));
    for (let turn = 0; turn < 40; turn += 1) {
      const socket = connectTcp(gateway.port, '127.0.0.1').on('error', () => {});
      await once(socket, 'connect');
      socket.write(`${REQUEST}\r\nabc`);
      await sleep(turn % 10);
      socket.resetAndDestroy();
    }
    await expect.poll(() => server.sockets.size).toBe(0);
    await expect.poll(() => gateway.metric('http_server_requests_in_flight')).toBe(0);
  });

  it('may be one of hundreds, counted while they are open and gone after', async () => {
    const chat = await startChat();
    const gateway = await startGateway(configuration(chat.url));
    const sockets = await Promise.all(Array.from({ length: 300 }, () => open(gateway)));
    expect(await openStreams(gateway)).toBe(300);
    const answers = await Promise.all(
      sockets.map((socket, index) => echo(socket, `message ${index}`)),
    );
    expect(answers.map(String)).toEqual(sockets.map((_, index) => `message ${index}`));
    for (const [index, socket] of sockets.entries()) {
      if (index % 2 === 0) socket.close(1000);
      else socket.terminate();
    }
    await expect.poll(() => chat.sockets.size).toBe(0);
    await expect.poll(() => openStreams(gateway)).toBe(0);
    await expect.poll(() => gateway.metric('http_server_requests_in_flight')).toBe(0);
    const switched = { http_response_status_code: '101' };
    expect(await gateway.metric('http_server_request_duration_seconds_count', switched)).toBe(300);
  });

  it('ends for the client when the service breaks it off', async () => {
    const chat = await startChat();
    const gateway = await startGateway(configuration(chat.url));
    const socket = await open(gateway);
    const closed = once(socket, 'close') as Promise<[number]>;
    for (const client of chat.server.clients) client.terminate();
    expect((await closed)[0]).toBe(1006);
    await expect.poll(() => openStreams(gateway)).toBe(0);
  });

  it('ends with the code that either side closes it with', async () => {
    const chat = await startChat();
    const gateway = await startGateway(configuration(chat.url));
    const first = await open(gateway);
    first.close(4001, 'bye');
    await expect.poll(() => chat.closes).toEqual([4001]);
    const second = await open(gateway);
    const closed = once(second, 'close') as Promise<[number, Buffer]>;
    for (const client of chat.server.clients) client.close(4002, 'go');
    expect((await closed).map(String)).toEqual(['4002', 'go']);
  });

  it('is closed with 1001 when the gateway closes, for both sides', async () => {
    const chat = await startChat();
    const gateway = await startGateway(configuration(chat.url));
    const sockets = await Promise.all(Array.from({ length: 10 }, () => open(gateway)));
    const closed = sockets.map((socket) => once(socket, 'close') as Promise<[number]>);
    await gateway.close();
    expect((await Promise.all(closed)).map(([code]) => code)).toEqual(sockets.map(() => 1001));
    await expect.poll(() => chat.closes).toEqual(sockets.map(() => 1001));
  });

  it('is closed with 1001 when the gateway closes while it is being opened', async () => {
    let answer: (() => void) | undefined;
    const server = await startByteServer((socket) => {
      answer = () => socket.write(`${SWITCHED}Upgrade: websocket\r\n\r\n`);
    });
    const gateway = await startGateway(configuration(server.url));
    const received = sendRaw(gateway.port, `${REQUEST}\r\n`, { timeoutMs: 20_000 });
    await expect.poll(() => answer).toBeDefined();
    const closing = gateway.close();
    await sleep(100);
    answer?.();
    expect(await received).toMatch(/^HTTP\/1.1 101 [^]*\r\n\r\n\u0088\u0002\u0003\u00e9$/);
    await closing;
  });

  it('ends without a close frame when the gateway closes in the middle of a frame', async () => {
    const chat = await startChat();
    const gateway = await startGateway(configuration(chat.url));
    const socket = await open(gateway);
    const [client] = chat.server.clients;
    // The head of a frame of 100 bytes, and only 3 of them.
    (client as unknown as { _socket: Socket })._socket.write(Buffer.from([0x82, 100, 1, 2, 3]));
    await sleep(200);
    const closed = once(socket, 'close') as Promise<[number]>;
    await gateway.close();
    expect((await closed)[0]).toBe(1006);
  });

  it('ends after the idle time, and not while bytes come', async () => {
    const chat = await startChat();
    const gateway = await startGateway(configuration(chat.url, 'idleTimeout: 800ms'));
    const socket = await open(gateway);
    const closed = once(socket, 'close') as Promise<[number]>;
    for (let count = 0; count < 5; count += 1) {
      await sleep(300);
      await echo(socket, 'still here');
    }
    expect((await closed)[0]).toBe(1001);
  });

  it('holds up a service whose client does not read', async () => {
    const chat = await startChat();
    const gateway = await startGateway(configuration(chat.url));
    const socket = await open(gateway, '/chat/1', { perMessageDeflate: false });
    socket.pause();
    const [client] = chat.server.clients;
    const piece = Buffer.alloc(1_000_000);
    for (let count = 0; count < 100; count += 1) client?.send(piece);
    const before = process.memoryUsage().external;
    await sleep(1_000);
    // What is not read stays with the service that sends it.
    expect(client?.bufferedAmount).toBeGreaterThan(50_000_000);
    expect(process.memoryUsage().external - before).toBeLessThan(50_000_000);
    let received = 0;
    socket.on('message', () => (received += 1));
    socket.resume();
    await expect.poll(() => received).toBe(100);
  });

  it('goes to another replica when one takes no connection', async () => {
    const chat = await startChat();
    const refusing = `http://127.0.0.1:${await unusedPort()}`;
    const gateway = await startGateway(configuration(`${refusing},${chat.url}`));
    for (let count = 0; count < 3; count += 1) {
      const socket = await open(gateway);
      expect((await echo(socket, 'hello')).toString()).toBe('hello');
    }
    expect(await gateway.metric('gateway_retries_total', { upstream: 'a' })).toBe(1);
  });

  it('goes on over a reload', async () => {
    const chat = await startChat();
    const gateway = await startGateway(configuration(chat.url));
    const socket = await open(gateway);
    gateway.rewrite(configuration(chat.url, 'timeout: 5s'));
    await gateway.gateway.reload();
    expect((await echo(socket, 'hello')).toString()).toBe('hello');
  });
});

describe('a WebSocket that is refused', () => {
  it('by a filter gets its answer as plain HTTP, and no service is asked', async () => {
    const chat = await startChat();
    const limited = 'incoming: [{ rateLimit: { limit: 1, window: 1m } }]';
    const gateway = await startGateway(configuration(chat.url, limited));
    await open(gateway);
    const { status, body } = await refusal(connect(gateway, '/chat/1'));
    expect(status).toBe(429);
    expect(JSON.parse(body)).toMatchObject({ status: 429 });
    expect(chat.requests).toHaveLength(1);
  });

  it.each([
    ['/plain', 400, 'WT-UPGRADE-REFUSED'],
    ['/events', 400, 'WT-UPGRADE-REFUSED'],
    ['/nowhere', 404, 'WT-ROUTE-NOT-FOUND'],
    ['/chat/%2e%2e', 400, 'WT-REQUEST-UNREADABLE'],
  ])('at %s gets %i', async (path, expected, code) => {
    const chat = await startChat();
    const gateway = await startGateway(configuration(chat.url));
    const answer = await sendRaw(
      gateway.port,
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nGET /chat/1 HTTP/1.1\r\nHost: x\r\n\r\n',
    );
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${expected} `));
    expect(answer).toContain(code);
    expect(answer.match(/HTTP\/1.1 /g)).toHaveLength(1);
    expect(chat.sockets.size).toBe(0);
    await expect.poll(() => gateway.metric('http_server_requests_in_flight')).toBe(0);
  });

  it('by the service gets the service’s own answer', async () => {
    const backend = await startBackend((_request, response) => {
      response.writeHead(403, {
        'x-inner': '1',
        'x-request-id': 'theirs',
        'set-cookie': ['a', 'b'],
      });
      response.end('no');
    });
    const gateway = await startGateway(configuration(backend.url));
    const socket = connect(gateway, '/chat/1', { headers: { 'X-Request-Id': 'ours' } });
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(answer.statusCode).toBe(403);
    expect(answer.headers).toMatchObject({
      'x-inner': '1',
      'x-request-id': 'ours',
      'set-cookie': ['a', 'b'],
    });
    answer.resume();
    await once(answer, 'end');
    await expect.poll(() => backend.sockets.size).toBe(0);
  });

  it('by the service leaves nothing behind of a client that had sent more, and goes', async () => {
    const server = await startByteServer((socket) =>
      socket.end('HTTP/1.1 503 No\r\nContent-Length: 1\r\n\r\nx'),
    );
    const gateway = await startGateway(configuration(server.url));
    const client = connectTcp(gateway.port, '127.0.0.1');
    client.write(`${REQUEST}\r\nwhat comes after it`);
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(answer.toString()).toContain('HTTP/1.1 503');
    client.end();
    await expect
      .poll(() => gateway.metric('http_server_requests_in_flight'), { timeout: 10_000 })
      .toBe(0);
    client.destroy();
  });

  it('is a problem when no replica takes it, none answers in time, or one breaks it off', async () => {
    const none = await startGateway(configuration(`http://127.0.0.1:${await unusedPort()}`));
    expect((await refusal(connect(none, '/chat/1'))).status).toBe(503);

    const silent = createServer().on('upgrade', () => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const address = (port: AddressInfo) => `http://127.0.0.1:${port.port}`;
    const waiting = await startGateway(
      configuration(address(silent.address() as AddressInfo), 'timeout: 300ms'),
    );
    const late = await refusal(connect(waiting, '/chat/1'));
    expect(late.status).toBe(504);
    expect(JSON.parse(late.body)).toMatchObject({ status: 504 });

    const breaking = createServer().on('upgrade', (_request, socket) => socket.destroy());
    await new Promise<void>((resolve) => breaking.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void breaking.close());
    const broken = await startGateway(configuration(address(breaking.address() as AddressInfo)));
    expect((await refusal(connect(broken, '/chat/1'))).status).toBe(502);
  });

  it.each([
    ['another protocol', `${SWITCHED}Upgrade: h2c\r\n\r\nevil`],
    ['no protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\nevil'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a CR in a header', 'HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: evil=1\r\n\r\nab'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${`X: ${'y'.repeat(1_000)}\r\n`.repeat(100)}`],
    ['half a head', 'HTTP/1.1 101 Switching Proto'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ])('by the gateway when the service answers with %s', async (_, bytes) => {
    const server = await startByteServer((socket) => socket.end(Buffer.from(bytes, 'latin1')));
    const gateway = await startGateway(configuration(server.url));
    const answer = await sendRaw(gateway.port, `${REQUEST}\r\n`, { timeoutMs: 20_000 });
    expect(answer.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 502']);
    expect(answer).toContain('application/problem+json');
    expect(answer).not.toContain('evil');
    await expect.poll(() => server.sockets.size).toBe(0);
    await expect.poll(() => gateway.metric('http_server_requests_in_flight')).toBe(0);
  });

  it('by a client that goes before the answer frees the service', async () => {
    let asked: Socket | undefined;
    const silent = createServer().on('upgrade', (_request, socket) => (asked = socket as Socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const gateway = await startGateway(configuration(`http://127.0.0.1:${port}`));
    const socket = connect(gateway, '/chat/1');
    await expect.poll(() => asked).toBeDefined();
    socket.terminate();
    await expect.poll(() => asked?.destroyed || asked?.readableEnded).toBe(true);
    await expect.poll(() => gateway.metric('http_server_requests_in_flight')).toBe(0);
  });
});
