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

  it('fails no request over 20 reloads of 300 routes, to the same upstream or to another', async () => {
    const backends = await Promise.all([startBackend(), startBackend()]);
    const [one, other] = backends.map(({ url }) => url) as [string, string];
    const many = (discover: string, timeout: string) => {
      const routes = Array.from({ length: 300 }, (_, index) => {
        const endpoint = "{ http: { upstream: a, path: '/{id}' } }";
        return `  - { path: '/r${index}/{id}', methods: [GET, POST], endpoint: ${endpoint} }\n`;
      });
      return configuration(discover, '/a', `timeout: ${timeout}`) + routes.join('');
    };
    const gateway = await startGateway(many(one, '1s'));
    const load = startLoad(`${gateway.url}/r150/a`, 10);
    for (let round = 0; round < 20; round += 1) {
      gateway.rewrite(many(round % 2 === 0 ? other : one, `${round + 2}s`));
      await gateway.gateway.reload();
      const before = load.results.length;
      await expect.poll(() => load.results.length).toBeGreaterThan(before + 20);
    }
    await load.stop();
    expect(new Set(load.results)).toEqual(new Set([200]));
    expect(backends.every(({ seen }) => seen.length > 50)).toBe(true);
  }, 60_000);

  it('lets requests be answered while it reads', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(configuration(backend.url, '/a'));
    const routes = Array.from({ length: 1_500 }, (_, index) => {
      return `  - { path: /r${index}, methods: [GET], endpoint: { http: { upstream: a } } }\n`;
    });
    gateway.rewrite(configuration(backend.url, '/a') + routes.join(''));
    const load = startLoad(`${gateway.url}/a`, 2);
    await expect.poll(() => load.results.length).toBeGreaterThan(10);
    const before = load.results.length;
    await gateway.gateway.reload();
    expect(load.results.length).toBeGreaterThan(before + 5);
    await load.stop();
    expect(new Set(load.results)).toEqual(new Set([200]));
    expect(await status(`${gateway.url}/r1499`)).toBe(200);
  });

  it('runs one at a time, and twice at most for all who ask at once', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(configuration(backend.url, '/old'));
    gateway.rewrite(configuration(backend.url, '/new'));
    await Promise.all(Array.from({ length: 20 }, () => gateway.gateway.reload()));
    expect(await status(`${gateway.url}/new`)).toBe(200);
    expect(await gateway.metric('gateway_config_reloads_total', { outcome: 'done' })).toBe(2);
  });
});
