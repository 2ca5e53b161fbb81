/**
 * A backend whose behaviour the path tells, `backend.ts PORT`; it reads no more of HTTP than where a
 * head ends, so that it stays far from being what is measured.
 *
 * - `/wait/MS` answers after so long.
 * - `/work/WORKERS/MS` answers after its turn at one of so many workers, each of which takes so long
 *   for a request: it can do WORKERS × 1000 ÷ MS a second, and what is more than that waits.
 * - `/cached/MS/…` is `/wait/MS` with an answer that may be kept for a minute.
 * - `/part` answers a part of a body, and no more. `/never` does not answer.
 * - `/state` tells the open connections but its own, and how many `/cached/…` it was asked for.
 */
import { createServer } from 'node:net';
import type { Socket } from 'node:net';

const [port] = process.argv.slice(2);
const END = '\r\n\r\n';
const text = 'x'.repeat(300);
const PART_OF_BYTES = 1_000_000;

const sockets = new Set<Socket>();
/** When each worker is free, of `performance.now()`. */
const freeAt = new Map<string, number[]>();
let cachedAsked = 0;

function answer(socket: Socket, body: string, headers = ''): void {
  if (socket.destroyed) return;
  socket.write(
    `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`,
  );
}

function handle(socket: Socket, path: string): void {
  const [, kind, one = '0', other = '0'] = path.split('/');
  if (kind === 'wait') setTimeout(answer, Number(one), socket, text);
  else if (kind === 'work') setTimeout(answer, turn(Number(one), Number(other)), socket, text);
  else if (kind === 'cached') {
    cachedAsked += 1;
    setTimeout(answer, Number(one), socket, text, 'Cache-Control: max-age=60\r\n');
  } else if (kind === 'part') {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${PART_OF_BYTES}\r\n\r\n${text}`);
  } else if (kind === 'state') {
    answer(socket, JSON.stringify({ connections: sockets.size - 1, cachedAsked }));
  }
}

/** How long until a request that comes now is done. */
function turn(workers: number, serviceMs: number): number {
  const key = `${workers} ${serviceMs}`;
  const times = freeAt.get(key) ?? Array.from({ length: workers }, () => 0);
  freeAt.set(key, times);
  const first = times.indexOf(Math.min(...times));
  const now = performance.now();
  times[first] = Math.max(now, times[first] as number) + serviceMs;
  return times[first] - now;
}

createServer({ noDelay: true }, (socket) => {
  sockets.add(socket);
  let rest = '';
  socket.on('data', (chunk: Buffer) => {
    rest += chunk.toString('latin1');
    let from = 0;
    for (let at = rest.indexOf(END); at !== -1; at = rest.indexOf(END, from)) {
      handle(socket, rest.slice(from, at).split(' ', 2)[1] ?? '');
      from = at + END.length;
    }
    rest = rest.slice(from);
  });
  socket.on('error', () => {});
  socket.on('close', () => sockets.delete(socket));
}).listen(Number(port), '127.0.0.1', 4096);
