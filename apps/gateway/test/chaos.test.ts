/** Either side breaks off at any moment: nothing is left behind, and no error goes unheard. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startGateway } from './support/gateway.ts';

const configuration = (url: string) => `
upstreams:
  a: { discover: '${url}', breaker: false, eject: false }
defaults: { route: { timeout: 2s, maxBody: 10MB } }
routes:
  - { path: /http, methods: [GET, POST], endpoint: { http: { upstream: a } } }
  - { path: /packed, methods: [GET, POST], outgoing: [compress], endpoint: { http: { upstream: a } } }
  - { path: /stream, methods: [GET, POST], endpoint: { stream: { upstream: a, websocket: true } } }
  - path: /whole
    methods: [GET]
    endpoint: { aggregate: { one: { upstream: a, path: /1 }, two: { upstream: a, path: /2 } } }
`;

/** What a service writes, in pieces; each of them may be the last before a reset. */
const ANSWERS = [
  ['HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Le', 'ngth: 6\r\n\r\n', 'abc', 'def'],
  [
    'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n',
    '3\r\nabc\r\n',
    '0\r\n',
    '\r\n',
  ],
  ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 503 No\r\nContent-Length: 1\r\n\r\n', 'x', ''],
  [
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'ab',
    'cd',
    '',
  ],
];

/** A service that breaks off at a moment that `turn` chooses. */
async function startBreaking() {
  const sockets = new Set<Socket>();
  let turn = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.on('data', () => {
      turn += 1;
      const answer = ANSWERS[turn % ANSWERS.length] as readonly string[];
      const last = Math.floor(turn / ANSWERS.length) % 6;
      void (async () => {
        for (const piece of answer.slice(0, last)) {
          socket.write(piece);
          await sleep(turn % 3);
        }
        if (last < 4) {
          if (turn % 2 === 0) socket.resetAndDestroy();
          else socket.destroy();
        }
      })();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

const HOST = 'HTTP/1.1\r\nHost: x\r\n';
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
const requests = ['/http', '/packed', '/stream'].flatMap((path) => [
  `GET ${path} ${HOST}Accept-Encoding: gzip\r\n\r\n`,
  `POST ${path} ${HOST}Content-Length: 5\r\n\r\nab|cde`,
  `POST ${path} ${HOST}Content-Length: 100000\r\n\r\n${'x'.repeat(50_000)}|${'x'.repeat(50_000)}`,
  `POST ${path} ${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n|zz\r\n`,
  `POST ${path} ${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n|0\r\n\r\nGET ${path} ${HOST}\r\n`,
]);
requests.push(`GET /whole ${HOST}\r\n`, `GET /stream ${HOST}${UPGRADE}\r\nab|cd`);

describe('connections that break at any moment', () => {
  it('leave nothing behind', { timeout: 120_000 }, async () => {
    const service = await startBreaking();
    const gateway = await startGateway(configuration(service.url));
    const ask = async (turn: number) => {
      const [first = '', second = ''] = (requests[turn % requests.length] as string).split('|');
      const socket = connect(gateway.port, '127.0.0.1');
      socket.on('error', () => {}).resume();
      await once(socket, 'connect');
      socket.write(first);
      await sleep(turn % 7);
      if (socket.writable) socket.write(second);
      await sleep((turn * 3) % 11);
      if (turn % 3 === 0) socket.end();
      else socket.resetAndDestroy();
      await sleep(20);
      socket.destroy();
    };
    for (let round = 0; round < 60; round += 1) {
      await Promise.all(Array.from({ length: 17 }, (_, index) => ask(round * 18 + index)));
    }
    await expect
      .poll(() => gateway.metric('http_server_requests_in_flight'), { timeout: 30_000 })
      .toBe(0);
    await expect
      .poll(() => gateway.metric('gateway_upstream_requests_in_flight', { upstream: 'a' }), {
        timeout: 30_000,
      })
      .toBe(0);
    await expect.poll(() => service.sockets.size, { timeout: 30_000 }).toBe(0);
  });
});
