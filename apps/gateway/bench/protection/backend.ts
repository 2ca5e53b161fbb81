/**
 * A backend of known capacity: `backend.ts PORT`. `/wait/MS` answers after so long; `/work/WORKERS/MS`
 * after its turn at one of so many workers, each of which takes so long for a request: it can do
 * WORKERS × 1000 ÷ MS a second, and what is more than that waits.
 */
import { createServer } from 'node:http';

const port = Number(process.argv[2]);
/** When each worker is free, of `performance.now()`. */
const freeAt = new Map<string, number[]>();

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

const body = JSON.stringify({ text: 'x'.repeat(280) });

createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const [, kind, one = '0', other = '0'] = (request.url ?? '').split('/');
  const waitMs =
    kind === 'work' ? turn(Number(one), Number(other)) : kind === 'wait' ? Number(one) : 0;
  setTimeout(() => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(body);
  }, waitMs);
}).listen(port, '127.0.0.1');
