/**
 * Clients that go: one argument of JSON tells how many, what became of them is printed as JSON. Each
 * has a connection of its own and leaves it in one of the ways below, half of them by a reset.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface AbortingTask {
  readonly port: number;
  readonly clients: number;
  /** How many at once. */
  readonly abreast: number;
}

export interface AbortingResult {
  /** By way, how many went as they were to; by the code of an error, how many could not. */
  readonly went: Readonly<Record<string, number>>;
}

const { port, clients, abreast } = JSON.parse(process.argv[2] as string) as AbortingTask;
const HOST = 'Host: gateway\r\n';
const BODY_BYTES = 90_000;
const went: Record<string, number> = {};
/** The gateway has sent the request on by then, mostly: before and after are both wanted. */
const soon = () => sleep(Math.random() * 20);

const WAYS: Readonly<Record<string, (socket: Socket) => Promise<unknown>>> = {
  'in the request head': (socket) => {
    socket.write(`GET /never HTTP/1.1\r\n${HOST}X-Un`);
    return soon();
  },
  'before the answer': (socket) => {
    socket.write(`GET /never HTTP/1.1\r\n${HOST}\r\n`);
    return soon();
  },
  'in the answer': (socket) => {
    socket.write(`GET /part HTTP/1.1\r\n${HOST}\r\n`);
    return once(socket, 'data');
  },
  'in a body of known length': (socket) => {
    socket.write(`POST /never HTTP/1.1\r\n${HOST}Content-Length: ${BODY_BYTES}\r\n\r\n`);
    socket.write(Buffer.alloc(BODY_BYTES / 3));
    return soon();
  },
  'in a body of chunks': (socket) => {
    socket.write(`POST /never HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n`);
    return soon();
  },
};
const ways = Object.entries(WAYS);

async function goOnce(index: number): Promise<void> {
  const [name, go] = ways[index % ways.length] as (typeof ways)[number];
  // Addresses of loopback in turn: one alone has too few ports for so many closed connections.
  const localAddress = process.platform === 'linux' ? `127.0.0.${2 + (index % 64)}` : undefined;
  const socket = connect({ port, host: '127.0.0.1', ...(localAddress && { localAddress }) });
  let outcome = name;
  try {
    await once(socket, 'connect');
    socket.on('error', () => {});
    await go(socket);
  } catch (error) {
    outcome = (error as NodeJS.ErrnoException).code ?? 'failed';
  }
  went[outcome] = (went[outcome] ?? 0) + 1;
  if (Math.floor(index / ways.length) % 2 === 0) socket.destroy();
  else socket.resetAndDestroy();
}

let next = 0;
await Promise.all(
  Array.from({ length: abreast }, async () => {
    while (next < clients) await goOnce(next++);
  }),
);
process.stdout.write(`${JSON.stringify({ went } satisfies AbortingResult)}\n`, () =>
  process.exit(0),
);
