import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { startBackend, unusedPort } from './support/backend.ts';
import { startLoad } from './support/load.ts';
import { startProcess } from './support/process.ts';
import type { GatewayProcess } from './support/process.ts';

const configuration = (path: string) => `
upstreams:
  a: { discover: '\${A_UPSTREAM}' }
routes:
  - path: ${path}
    methods: [GET, POST]
    endpoint: { http: { upstream: a } }
  - path: /events
    methods: [GET]
    endpoint: { stream: { upstream: a } }
`;

const readiness = async ({ privateUrl }: GatewayProcess) =>
  fetch(`${privateUrl}/readyz`).then(
    ({ status }) => status,
    () => 0,
  );

const untilReady = (running: GatewayProcess) =>
  expect.poll(() => readiness(running), { timeout: 20_000 }).toBe(200);

describe('the process', () => {
  it('is ready although a service is not there, and shows its metrics', async () => {
    const gateway = await startProcess(configuration('/a'), {
      A_UPSTREAM: `http://127.0.0.1:${await unusedPort()}`,
    });
    await untilReady(gateway);
    expect((await fetch(`${gateway.privateUrl}/livez`)).status).toBe(200);
    expect((await fetch(`${gateway.url}/a`)).status).toBe(503);
    const metrics = await (await fetch(`${gateway.privateUrl}/metrics`)).text();
    const routes = await (await fetch(`${gateway.privateUrl}/gateway/routes`)).json();
    expect(routes).toMatchObject({ routes: [{ path: '/a' }, { path: '/events' }] });
    expect(metrics).toMatch(/gateway_replicas\{service="gateway",upstream="a",state="known"\} 1/);
  });

  it('drains on SIGTERM: no request fails, streams end, exit 0', async () => {
    const backend = await startBackend(({ url }, response) => {
      if (url === '/events') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
      } else setTimeout(() => response.end('ok'), 20);
    });
    const gateway = await startProcess(configuration('/a'), {
      A_UPSTREAM: backend.url,
      DRAIN_DELAY_MS: '1s',
    });
    await untilReady(gateway);
    const events = await fetch(`${gateway.url}/events`);
    const reader = (events.body as ReadableStream).getReader();
    await reader.read();
    const load = startLoad(`${gateway.url}/a`, 10);
    await expect.poll(() => load.results.length).toBeGreaterThan(50);
    const exited = once(gateway.child, 'exit');
    gateway.child.kill('SIGTERM');
    await expect.poll(() => readiness(gateway), { interval: 10 }).toBe(503);
    // As whoever sends it traffic does: notices, and goes elsewhere before it closes.
    await load.stop();
    expect(new Set(load.results)).toEqual(new Set([200]));
    expect(await exited).toEqual([0, null]);
    expect((await reader.read()).done).toBe(true);
  });

  it('reads its configuration anew on SIGHUP, and goes on with the old one when it is bad', async () => {
    const backend = await startBackend();
    const gateway = await startProcess(configuration('/a'), { A_UPSTREAM: backend.url });
    await untilReady(gateway);
    const status = async (path: string) => (await fetch(gateway.url + path)).status;
    expect(await status('/b')).toBe(404);
    writeFileSync(gateway.configFile, configuration('/b'));
    gateway.child.kill('SIGHUP');
    await expect.poll(() => status('/b'), { timeout: 10_000 }).toBe(200);
    writeFileSync(gateway.configFile, configuration('b'));
    gateway.child.kill('SIGHUP');
    await expect
      .poll(() => gateway.lines().some(({ msg }) => msg === 'reload refused'), { timeout: 10_000 })
      .toBe(true);
    expect(await status('/b')).toBe(200);
  });

  it('ends with 1 and every mistake when the configuration is bad from the start', async () => {
    const gateway = await startProcess(configuration('b'), {});
    const [code] = (await once(gateway.child, 'exit')) as [number];
    expect(code).toBe(1);
    await expect
      .poll(() => JSON.stringify(gateway.lines()))
      .toContain('the environment has no A_UPSTREAM');
  });
});
