import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { percentiles, startLoad } from '../src/load.ts';

describe('open-loop load', () => {
  it('sends at its rate while answers are slow, and names each failure', async () => {
    const server = createServer((request, response) => {
      const status = request.url === '/broken' ? 500 : 200;
      setTimeout(() => response.writeHead(status).end('{}'), 300);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;

    const load = startLoad({
      origin: `http://127.0.0.1:${port}`,
      requestsPerSecond: 100,
      next: (n) => ({ method: 'GET', path: n === 3 ? '/broken' : '/' }),
    });
    await new Promise((done) => setTimeout(done, 1_000));
    const result = await load.stop();
    server.close();

    // A closed loop of one connection would have sent three.
    expect(result.sent).toBeGreaterThan(50);
    expect(result.answered).toBe(result.sent);
    expect(result.failures).toEqual([{ request: 'GET /broken', reason: '500 {}' }]);
    expect(result.latencyMs.p50).toBeGreaterThanOrEqual(295);
  });

  it('reports nearest-rank percentiles', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(percentiles(hundred)).toEqual({ p50: 50, p95: 95, p99: 99 });
    expect(percentiles([])).toEqual({ p50: 0, p95: 0, p99: 0 });
  });
});
