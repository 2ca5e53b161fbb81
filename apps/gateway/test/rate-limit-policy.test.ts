import { createTestLogger, describeWithRedis, startOwnRedis } from '@woodytoys/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectRedis } from '../src/connections/redis.ts';
import { startBackend } from './support/backend.ts';
import { oneUpstream, problemOf, startGateway } from './support/gateway.ts';

const limited = (url: string, options: Record<string, unknown>) =>
  oneUpstream(url, { route: `incoming: [{ rateLimit: ${JSON.stringify(options)} }]` });

async function statuses(url: string, count: number, headers: Record<string, string> = {}) {
  const found: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const response = await fetch(`${url}/api/x`, { headers });
    found.push(response.status);
    await response.text();
  }
  return found;
}

describeWithRedis('a rate limit whose Redis goes away', () => {
  async function untilRedisIsGone(options: Record<string, unknown>) {
    const server = await startOwnRedis();
    onTestFinished(() => server.close());
    const redis = connectRedis(server.url, createTestLogger(), 5_000);
    onTestFinished(() => redis.close());
    await expect.poll(() => redis.call('PING').catch(String), { timeout: 15_000 }).toBe('PONG');
    const backend = await startBackend();
    const gateway = await startGateway(limited(backend.url, options), { redis });
    expect(await statuses(gateway.url, 1)).toEqual([200]);
    await server.stop();
    const decisions = async (outcome: string) =>
      gateway.metric('gateway_rate_limit_decisions_total', { outcome });
    const warnings = () => gateway.log.lines.filter(({ limiter }) => limiter === 'default');
    return { server, gateway, backend, decisions, warnings };
  }

  for (const lease of [1, 2]) {
    it(`refuses with 503 when it is closed (lease ${lease})`, async () => {
      const { server, gateway, backend, decisions, warnings } = await untilRedisIsGone({
        limit: 100,
        whenRedisFails: 'closed',
        lease,
      });
      // What was leased may pass, and no more.
      await statuses(gateway.url, lease - 1);
      const passed = backend.seen.length;
      const refused = await fetch(`${gateway.url}/api/x`);
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(await problemOf(refused)).toMatchObject({
        type: 'urn:woodytoys:problem:WT-UNAVAILABLE',
      });
      expect(await statuses(gateway.url, 9)).toEqual(Array.from({ length: 9 }, () => 503));
      expect(backend.seen).toHaveLength(passed);
      expect(await decisions('closed')).toBe(10);
      expect(warnings().map(({ msg }) => msg)).toEqual([
        'requests are refused because their rate limit cannot be counted',
      ]);
      await server.start();
      await expect.poll(() => statuses(gateway.url, 1), { timeout: 15_000 }).toEqual([200]);
    });
  }

  it('counts in each process when it is local', async () => {
    const { gateway, decisions, warnings } = await untilRedisIsGone({
      limit: 3,
      whenRedisFails: 'local',
      lease: 1,
    });
    expect(await statuses(gateway.url, 5)).toEqual([200, 200, 200, 429, 429]);
    expect(await decisions('passed-locally')).toBe(3);
    expect(await decisions('refused-locally')).toBe(2);
    expect(warnings().map(({ msg }) => msg)).toEqual([
      'rate limits are counted in this process alone',
    ]);
  });

  it('passes all when it is open', async () => {
    const { gateway, decisions, warnings } = await untilRedisIsGone({ limit: 4, lease: 2 });
    expect(await statuses(gateway.url, 20)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(await decisions('unchecked')).toBeGreaterThanOrEqual(19);
    expect(warnings().map(({ msg }) => msg)).toEqual(['requests pass without a rate limit']);
  });
});

describe('a rate limit by a header', () => {
  it('counts each value alone, however long, and by address without one', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(
      limited(backend.url, { limit: 1, key: { header: 'X-Api-Key' } }),
    );
    const as = (value: string) => statuses(gateway.url, 1, { 'x-api-key': value });
    expect(await as('one')).toEqual([200]);
    expect(await as('one')).toEqual([429]);
    expect(await as('two')).toEqual([200]);
    const long = 'k'.repeat(4_000);
    expect(await as(`${long}1`)).toEqual([200]);
    expect(await as(`${long}2`)).toEqual([200]);
    expect(await as(`${long}1`)).toEqual([429]);
    expect(await statuses(gateway.url, 2)).toEqual([200, 429]);
    // A value that looks like the address is not counted with it.
    expect(await as('127.0.0.1')).toEqual([200]);
  });
});

describe('a window', () => {
  it('that no timer can hold is refused', async () => {
    const yaml = limited('http://localhost:1', { limit: 5, window: '1000h' });
    await expect(startGateway(yaml)).rejects.toThrow('give a time from 1ms to 596h');
  });
});
