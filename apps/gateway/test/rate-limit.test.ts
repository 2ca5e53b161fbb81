import {
  createTestLogger,
  describeWithRedis,
  redisUrl,
  startOwnRedis,
  uniqueName,
} from '@woodytoys/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectRedis as connect } from '../src/connections/redis.ts';
import { startBackend, unusedPort } from './support/backend.ts';
import { oneUpstream, problemOf, startGateway } from './support/gateway.ts';
import type { RunningGateway } from './support/gateway.ts';

const limited = (url: string, limit: number, options: Record<string, unknown> = {}) =>
  oneUpstream(url, {
    route: `incoming: [{ rateLimit: ${JSON.stringify({ limit, window: '1m', ...options })} }]`,
  });

async function statuses(url: string, count: number, headers: Record<string, string> = {}) {
  const found: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const response = await fetch(`${url}/api/x`, { headers });
    found.push(response.status);
    await response.text();
  }
  return found;
}

/** The machine of the tests may be busy: an answer that is only late must not count as none. */
function connectRedis(url: string, commandTimeoutMs = 5_000) {
  const redis = connect(url, createTestLogger(), commandTimeoutMs);
  onTestFinished(() => redis.close());
  return redis;
}

const decisions = async (gateway: RunningGateway, outcome: string) =>
  (await gateway.metric('gateway_rate_limit_decisions_total', { outcome })) ?? 0;

/** Asks until a request was counted. */
async function untilCounting(gateway: RunningGateway) {
  await expect
    .poll(
      async () => {
        await statuses(gateway.url, 1);
        return decisions(gateway, 'passed');
      },
      { timeout: 15_000, interval: 100 },
    )
    .toBeGreaterThan(0);
}

describe('a rate limit kept in the process', () => {
  it('lets the limit pass, says how much is left, and then 429 with when to come back', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(limited(backend.url, 2));
    const first = await fetch(`${gateway.url}/api/x`);
    expect(first.headers.get('ratelimit')).toMatch(/^"default"; r=1; t=60$/);
    expect(first.headers.get('ratelimit-policy')).toMatch(/^"default"; q=2; w=60; pk=:.+:$/);
    await first.text();
    await (await fetch(`${gateway.url}/api/x`)).text();
    const refused = await fetch(`${gateway.url}/api/x`);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(refused.headers.get('ratelimit')).toMatch(/^"default"; r=0; t=\d+$/);
    expect(await problemOf(refused)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-RATE-LIMITED',
    });
    expect(backend.seen).toHaveLength(2);
    expect(await gateway.metric('gateway_rate_limit_decisions_total', { outcome: 'refused' })).toBe(
      1,
    );
    expect(await gateway.metric('gateway_rate_limit_decisions_total', { outcome: 'passed' })).toBe(
      2,
    );
  });

  it('begins anew after its window', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(limited(backend.url, 1, { window: '400ms' }));
    expect(await statuses(gateway.url, 2)).toEqual([200, 429]);
    await expect.poll(() => statuses(gateway.url, 1), { interval: 100 }).toEqual([200]);
  });

  it('does not believe X-Forwarded-For from a client', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(limited(backend.url, 1));
    expect(await statuses(gateway.url, 1, { 'x-forwarded-for': '10.0.0.1' })).toEqual([200]);
    expect(await statuses(gateway.url, 1, { 'x-forwarded-for': '10.0.0.2' })).toEqual([429]);
  });

  it('believes as many entries as there are proxies of ours', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(limited(backend.url, 1), { trustedProxies: 1 });
    const from = (chain: string) => statuses(gateway.url, 1, { 'x-forwarded-for': chain });
    expect(await from('10.0.0.1')).toEqual([200]);
    expect(await from('10.0.0.2')).toEqual([200]);
    // The proxy appends what it saw; all before it is the client's own invention.
    expect(await from('10.0.0.3, 10.0.0.1')).toEqual([429]);
    expect(backend.seen.map(({ headers }) => headers['x-forwarded-for'])).toEqual([
      '10.0.0.1, 127.0.0.1',
      '10.0.0.2, 127.0.0.1',
    ]);
    expect(await statuses(gateway.url, 1)).toEqual([200]);
    expect(await statuses(gateway.url, 1, { 'x-forwarded-for': 'nonsense' })).toEqual([429]);
  });

  it('counts the addresses of one IPv6 network together', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(limited(backend.url, 1), { trustedProxies: 1 });
    const from = (address: string) => statuses(gateway.url, 1, { 'x-forwarded-for': address });
    expect(await from('2001:db8:1:1::1')).toEqual([200]);
    expect(await from('2001:db8:1:1:ffff::2')).toEqual([429]);
    expect(await from('2001:db8:2:1::1')).toEqual([200]);
    expect(await from('::ffff:10.0.0.9')).toEqual([200]);
    expect(await from('10.0.0.9')).toEqual([429]);
  });
});

describeWithRedis('a rate limit kept in Redis', () => {
  it('is one for all gateways', async () => {
    const backend = await startBackend();
    const name = uniqueName('t').slice(0, 18);
    const gateways = await Promise.all(
      [1, 2].map(() =>
        startGateway(limited(backend.url, 10, { name }), { redis: connectRedis(redisUrl()) }),
      ),
    );
    // Until the connection is there, requests pass unchecked.
    for (const gateway of gateways) await untilCounting(gateway);
    const passed = await Promise.all(gateways.map((gateway) => decisions(gateway, 'passed')));
    const already = passed.reduce((sum, count) => sum + count, 0);
    const all = (await Promise.all(gateways.map((gateway) => statuses(gateway.url, 10)))).flat();
    expect(all.filter((status) => status === 200)).toHaveLength(10 - already);
    expect(all.filter((status) => status === 429)).toHaveLength(10 + already);
  });

  it('passes while Redis is gone, and counts again when it is back', async () => {
    const server = await startOwnRedis();
    onTestFinished(() => server.close());
    const backend = await startBackend();
    const gateway = await startGateway(limited(backend.url, 3), {
      redis: connectRedis(server.url),
    });
    await untilCounting(gateway);
    await server.stop();
    expect(await statuses(gateway.url, 10)).toEqual(Array.from({ length: 10 }, () => 200));
    await server.start();
    await expect.poll(() => statuses(gateway.url, 1), { timeout: 15_000 }).toEqual([429]);
  });

  it('is asked once in a while, and not for each request, while it never answers', async () => {
    const server = await startOwnRedis();
    onTestFinished(() => server.close());
    const backend = await startBackend();
    const redis = connectRedis(server.url, 500);
    const gateway = await startGateway(limited(backend.url, 1_000, { lease: 1 }), { redis });
    await untilCounting(gateway);
    const counted = async () =>
      Number(
        /cmdstat_evalsha:calls=(\d+)/.exec(String(await redis.call('INFO', 'commandstats')))?.[1],
      );
    const before = await counted();
    const unchecked = await decisions(gateway, 'unchecked');
    await server.pause();
    expect(await statuses(gateway.url, 50)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(await decisions(gateway, 'unchecked')).toBe(unchecked + 50);
    await server.resume();
    await expect.poll(counted, { timeout: 10_000 }).toBeGreaterThan(0);
    const after = await counted();
    expect(after - before).toBeLessThan(10);
  });
});

describe('a Redis that cannot be used', () => {
  it('lets requests pass when it refuses connections, and says so', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(limited(backend.url, 1), {
      redis: connectRedis(`redis://127.0.0.1:${await unusedPort()}`),
    });
    expect(await statuses(gateway.url, 5)).toEqual([200, 200, 200, 200, 200]);
    expect(
      await gateway.metric('gateway_rate_limit_decisions_total', { outcome: 'unchecked' }),
    ).toBe(5);
    expect(
      gateway.log.lines.filter(({ msg }) => msg.includes('without a rate limit')),
    ).toHaveLength(1);
  });
});
