import { describe, expect, it } from 'vitest';
import { sendJson, startBackend } from './support/backend.ts';
import { startGateway } from './support/gateway.ts';
import { startLoad } from './support/load.ts';

const configuration = (discover: string, path: string, extra = '') => `
upstreams:
  a: { discover: '${discover}' }
routes:
  - path: ${path}
    methods: [GET, POST]
    endpoint: { http: { upstream: a } }
    ${extra}
`;

const status = async (url: string) => {
  const response = await fetch(url);
  await response.text();
  return response.status;
};

describe('a reload', () => {
  it('swaps the table, and a request keeps the one that it began with', async () => {
    let finish = () => {};
    const backend = await startBackend(({ url }, response) => {
      if (url === '/old') finish = () => sendJson(response, 200, { slow: true });
      else sendJson(response, 200, {});
    });
    const gateway = await startGateway(configuration(backend.url, '/old'));
    const slow = fetch(`${gateway.url}/old`);
    await expect.poll(() => backend.seen.length).toBe(1);
    gateway.rewrite(configuration(backend.url, '/new'));
    await gateway.gateway.reload();
    expect(await status(`${gateway.url}/new`)).toBe(200);
    expect(await status(`${gateway.url}/old`)).toBe(404);
    finish();
    expect(await (await slow).json()).toEqual({ slow: true });
    expect(await gateway.metric('gateway_config_reloads_total', { outcome: 'done' })).toBe(1);
  });

  it('changes nothing when the file has mistakes, and tells them', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(configuration(backend.url, '/old'));
    gateway.rewrite(configuration(backend.url, '/new', 'timeout: soon'));
    await expect(gateway.gateway.reload()).rejects.toThrow(/gateway.yaml:8 .*routes.0.timeout/);
    expect(await status(`${gateway.url}/old`)).toBe(200);
    expect(await gateway.metric('gateway_config_reloads_total', { outcome: 'refused' })).toBe(1);
  });

  it('keeps connections and counts of what did not change', async () => {
    const backend = await startBackend();
    const limited = 'incoming: [{ rateLimit: { limit: 2 } }]';
    const gateway = await startGateway(configuration(backend.url, '/a', limited));
    expect(await status(`${gateway.url}/a`)).toBe(200);
    await gateway.gateway.reload();
    expect(await status(`${gateway.url}/a`)).toBe(200);
    expect(await status(`${gateway.url}/a`)).toBe(429);
    expect(backend.sockets.size).toBe(1);
  });

  it('fails no request, to the same upstream or to another', async () => {
    const backends = await Promise.all([startBackend(), startBackend()]);
    const [one, other] = backends.map(({ url }) => url) as [string, string];
    const gateway = await startGateway(configuration(one, '/a'));
    const load = startLoad(`${gateway.url}/a`, 10);
    for (let round = 0; round < 10; round += 1) {
      gateway.rewrite(configuration(round % 2 === 0 ? other : one, '/a', `timeout: ${round + 1}s`));
      await gateway.gateway.reload();
      const before = load.results.length;
      await expect.poll(() => load.results.length).toBeGreaterThan(before + 20);
    }
    await load.stop();
    expect(new Set(load.results)).toEqual(new Set([200]));
    expect(backends.every(({ seen }) => seen.length > 50)).toBe(true);
  });
});
