import { describe, expect, it } from 'vitest';
import { sendJson } from './support/backend.ts';
import { problemOf } from './support/gateway.ts';
import { postJson, startRoute } from './support/shaping.ts';

describe('cache and transform', () => {
  it('keep what was transformed, also when HEAD was first', async () => {
    const { gateway } = await startRoute(
      {
        path: '/x',
        incoming: [{ cache: { ttl: '1m' } }],
        outgoing: [{ transform: { expression: '{"name": name}', timeout: '5s' } }],
      },
      (_request, response) => sendJson(response, 200, { name: 'toy', cost: 3 }),
    );
    expect((await fetch(`${gateway.url}/x`, { method: 'HEAD' })).status).toBe(200);
    const answer = await fetch(`${gateway.url}/x`);
    expect(answer.headers.get('x-cache')).toBe('HIT');
    expect(await answer.json()).toEqual({ name: 'toy' });
  });
});

describe('cache and compress', () => {
  it('keep an answer for each encoding, also when HEAD was first', async () => {
    const { gateway } = await startRoute(
      { path: '/x', incoming: [{ cache: { ttl: '1m' } }, { compress: { minSize: '0B' } }] },
      (_request, response) => sendJson(response, 200, { name: 'toy' }),
    );
    const ask = (method: string, encoding: string) =>
      fetch(`${gateway.url}/x`, { method, headers: { 'accept-encoding': encoding } });
    for (const encoding of ['gzip', 'identity', 'gzip', 'br']) {
      await ask('HEAD', encoding);
      const answer = await ask('GET', encoding);
      const packed = answer.headers.get('content-encoding') ?? 'identity';
      expect([answer.headers.get('x-cache'), packed]).toEqual(['HIT', encoding]);
      expect(await answer.json()).toEqual({ name: 'toy' });
    }
  });
});

describe('deadline before a filter that runs the request by itself', () => {
  it.each([
    ['cache', 'GET'],
    ['idempotency', 'POST'],
  ])('is told by %s to the upstream, not what the client said', async (filter, method) => {
    const { gateway, backend } = await startRoute({
      path: '/x',
      incoming: [{ deadline: { budget: '60s' } }, filter],
    });
    const headers = { 'x-request-deadline-ms': '99999', 'idempotency-key': 'k' };
    await fetch(`${gateway.url}/x`, { method, headers });
    const told = Number(backend.seen[0]?.headers['x-request-deadline-ms']);
    expect(told).toBeGreaterThan(1_000);
    expect(told).toBeLessThanOrEqual(60_000);
  });

  it('ends the wait of one client, and not that of those who have more time', async () => {
    const { gateway } = await startRoute(
      { path: '/x', incoming: [{ deadline: { budget: '60s' } }, { cache: { ttl: '1m' } }] },
      (request, response) => void setTimeout(() => sendJson(response, 200, request), 1_500),
    );
    const ask = (ms: number) =>
      fetch(`${gateway.url}/x`, { headers: { 'x-request-deadline-ms': String(ms) } });
    const hurried = ask(300);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const patient = ask(50_000);
    expect((await hurried).status).toBe(504);
    expect((await patient).status).toBe(200);
  });

  it('ends the wait for what another client asks for', async () => {
    const { gateway } = await startRoute(
      { path: '/x', incoming: [{ deadline: { budget: '60s' } }, { cache: { ttl: '1m' } }] },
      (request, response) => void setTimeout(() => sendJson(response, 200, request), 2_000),
    );
    const ask = (ms: number) =>
      fetch(`${gateway.url}/x`, { headers: { 'x-request-deadline-ms': String(ms) } });
    const patient = ask(50_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const hurried = await ask(300);
    expect(await problemOf(hurried)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-DEADLINE-SPENT',
    });
    expect((await patient).status).toBe(200);
  });
});

describe('idempotency where the gateway does not know who asks', () => {
  it('gives nobody the answer to another authorization', async () => {
    const { gateway, backend } = await startRoute({ path: '/x', incoming: ['idempotency'] });
    const ask = (authorization: string) =>
      fetch(`${gateway.url}/x`, {
        method: 'POST',
        headers: { authorization, 'idempotency-key': 'order-1' },
      });
    expect((await ask('Bearer one')).status).toBe(200);
    expect((await ask('Bearer two')).status).toBe(422);
    expect((await ask('Bearer one')).headers.get('idempotency-replayed')).toBe('true');
    expect(backend.seen).toHaveLength(1);
  });
});

describe('rateLimit by a header that tells the user', () => {
  it('does not count by what the client says that it is', async () => {
    const { gateway } = await startRoute({
      path: '/x',
      incoming: [{ rateLimit: { limit: 1, key: { header: 'X-User-Id' } } }],
    });
    const ask = (user: string) => fetch(`${gateway.url}/x`, { headers: { 'x-user-id': user } });
    expect((await ask('1')).status).toBe(200);
    expect((await ask('2')).status).toBe(429);
  });
});

describe('transform before rewrite', () => {
  it('has its body read by the templates', async () => {
    const { gateway, backend } = await startRoute({
      path: '/x',
      incoming: [
        { transform: { expression: '{"id": order.id}', timeout: '5s' } },
        { rewrite: { path: '/orders/{body.id}' } },
      ],
    });
    await postJson(`${gateway.url}/x`, { order: { id: 7 } });
    expect(backend.seen[0]?.url).toBe('/orders/7');
    expect(backend.seen[0]?.body).toBe('{"id":7}');
  });
});
