/** What every balancer has to do alike before the gateway; one suite, whichever it is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { containerState, docker, type Beside, type Stack } from '../../src/compose.ts';
import { startLoad } from '../../src/load.ts';
import { createMix } from '../../src/mix.ts';
import { askFrom, burst, rawExchange } from './entry-clients.ts';
import { failed, settled } from './settle.ts';

/** How a balancer is named and set, and where it may differ. */
export interface Balancer {
  readonly service: 'nginx' | 'traefik';
  /** Starts one more of it that lets 60 requests a minute of a client pass, and 5 more at once. */
  limited(port: number): Promise<Beside>;
  /** Whether what is no HTTP at all gets a problem document, or a line of text. */
  readonly unreadableIsProblem: boolean;
  /** How an address of 20,000 characters is refused. */
  readonly longAddress: 414 | 431;
}

const READ = { requestsPerSecond: 100 };

/** Declares the tests; the stack is up, and is left with one gateway or two. */
export function describeEntry(stack: Stack, balancer: Balancer): void {
  const { entry } = stack;
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${entry}${path}`, { headers, signal: AbortSignal.timeout(30_000) });
  const load = (name: string) =>
    startLoad({
      origin: entry,
      ...READ,
      next: createMix(`${name}_${Date.now().toString(36)}`),
    });

  it('answers the aggregate from the seed data', async () => {
    const response = await get('/api/1/1');
    expect(response.status).toBe(200);
    expect(response.headers.get('x-complete')).toBe('true');
    expect(await response.json()).toMatchObject({
      user: { id: 1, username: 'user_1', email: 'user_1@example.com' },
      product: { id: 1, name: 'Product_1', price: 19.99 },
    });
  });

  it('passes on the host, by which the clients of the first Woodytoys are known', async () => {
    const lines = ['GET /api/ping HTTP/1.1', 'Host: woodytoys.localhost:8080', 'Connection: close'];
    expect(await rawExchange(entry, `${lines.join('\r\n')}\r\n\r\n`)).toMatch(/\r\n\r\nping$/);
  });

  it('sends the events of the live page as they come', async () => {
    const stream = await get('/console/api/stream', { 'accept-encoding': 'gzip' });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    expect(stream.headers.get('content-encoding')).toBeNull();
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of stream.body as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      if ([...text.matchAll(/^event: snapshot$/gm)].length >= 2) break;
    }
    expect(text).toContain('event: snapshot');
  });

  it('answers what is too large, and what is no HTTP, as problem documents', async () => {
    const tooLarge = await fetch(`${entry}/api/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: 'x'.repeat(2_000_000),
    });
    expect(tooLarge.status).toBe(413);
    expect(tooLarge.headers.get('content-type')).toContain('application/problem+json');
    expect(await tooLarge.json()).toMatchObject({ status: 413, instance: '/api/users' });

    const headers = await get('/api/users/1', { 'x-large': 'x'.repeat(20_000) });
    expect(headers.status).toBe(431);
    expect(await headers.json()).toMatchObject({ type: expect.stringContaining('WT-') });

    const line = await get(`/api/users?limit=${'1'.repeat(20_000)}`);
    expect(line.status).toBe(balancer.longAddress);
    expect(await line.json()).toMatchObject({ status: balancer.longAddress });

    const unreadable = await rawExchange(entry, 'GARBAGE GARBAGE\r\n\r\n');
    expect(unreadable).toContain('400 Bad Request');
    expect(unreadable.includes('application/problem+json')).toBe(balancer.unreadableIsProblem);
  });

  it("keeps a client's request id, gives one to a request without, and drops a bad one", async () => {
    const kept = await get('/api/users/1', { 'x-request-id': 'from-the-client.1' });
    expect(kept.headers.get('x-request-id')).toBe('from-the-client.1');
    const given = (await get('/api/users/1')).headers.get('x-request-id');
    expect(given).toMatch(/^[A-Za-z0-9._-]{16,64}$/);
    const bad = await get('/api/users/1', { 'x-request-id': 'a"b' });
    expect(bad.headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._-]{16,64}$/);
  });

  it('passes no header of the connection on', async () => {
    const { host } = new URL(entry);
    const answer = await rawExchange(
      entry,
      `GET /api/users/1 HTTP/1.1\r\nHost: ${host}\r\nConnection: close, x-private\r\nX-Private: 1\r\nKeep-Alive: timeout=3\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(answer).not.toMatch(/^keep-alive:/im);
  });

  it('packs what is worth it when the client can unpack it', async () => {
    const packed = await get('/api/products?limit=50', { 'accept-encoding': 'gzip' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(((await packed.json()) as { items: object[] }).items).toHaveLength(50);
    const plain = await get('/api/products?limit=50', { 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
    const small = await get('/api/users/1', { 'accept-encoding': 'gzip' });
    expect(small.headers.get('content-encoding')).toBeNull();
  });

  it('limits one client to its rate and burst, tells it when to come back, and no other', async () => {
    const port = Number(new URL(entry).port) + 100;
    const limited = await balancer.limited(port);
    try {
      const url = `http://127.0.0.1:${port}/api/users/1`;
      const inside = `http://${limited.name}:8080/api/users/1`;
      await expect
        .poll(() => askFrom(stack, 'console', inside).catch(() => 0), { timeout: 30_000 })
        .toBe(200);
      const { statuses, retryAfter, bodies, seconds } = await burst(url, 30);
      // The first, the burst of 5, and one more in each second that the calls took.
      const passed = statuses['200'] ?? 0;
      expect(passed).toBeGreaterThanOrEqual(6);
      expect(passed).toBeLessThanOrEqual(7 + Math.floor(seconds));
      expect(statuses['429']).toBe(30 - passed);
      expect(new Set(retryAfter)).toEqual(new Set(['1']));
      for (const body of bodies) {
        expect(body).toMatchObject({
          type: 'urn:woodytoys:problem:WT-RATE-LIMITED',
          status: 429,
          instance: '/api/users/1',
          requestId: expect.stringMatching(/./) as string,
        });
      }
      // Another client, while the first is still being refused.
      expect((await burst(url, 10)).statuses['429']).toBeGreaterThan(0);
      expect(await askFrom(stack, 'gateway', inside)).toBe(200);
      await sleep(1_100);
      expect((await fetch(url)).status).toBe(200);
    } finally {
      await limited.remove();
    }
  });

  it('believes no address that a client claims', async () => {
    // The log-in lets 30 requests a minute of an address pass.
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        fetch(`${entry}/api/log-in`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-forwarded-for': `203.0.113.${n}` },
          body: '{}',
        }),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(10);
    expect(statuses.filter((status) => status === 422).length).toBeGreaterThan(0);
    const refused = answers.find(({ status }) => status === 429);
    // The gateway's own document, which knows the window: longer than any of the entry's.
    expect(await refused?.json()).toMatchObject({
      detail: expect.stringContaining('30 requests in 60 s') as string,
    });
  });

  it('loses no request when a gateway comes, and when one of two gets SIGTERM', async () => {
    await stack.up({ gateway: 1 });
    await settled(entry);
    const running = load('drain');
    await stack.up({ gateway: 2 });
    await sleep(3_000);
    const [replica = ''] = await stack.containers('gateway');
    await docker('stop', '--time', '30', replica);
    const state = await containerState(replica);
    await sleep(2_000);
    const result = await running.stop();
    expect(failed(result)).toEqual([]);
    expect(state).toMatchObject({ Status: 'exited', ExitCode: 0, OOMKilled: false });
  });

  it('is back to normal within 10 s of a killed gateway, and fails little until then', async () => {
    await stack.up({ gateway: 2 });
    await settled(entry);
    const during = load('kill');
    await sleep(1_000);
    const [replica = ''] = await stack.containers('gateway');
    await docker('kill', '--signal', 'KILL', replica);
    await sleep(10_000);
    const first = await during.stop();
    // What was under way in the killed process, and writes that may have been: no second's worth.
    expect(first.failures.length, JSON.stringify(failed(first))).toBeLessThanOrEqual(100);
    const after = load('killed');
    await sleep(3_000);
    expect(failed(await after.stop())).toEqual([]);
  });

  it('says that no gateway is there, and finds it again', async () => {
    await docker('kill', '--signal', 'KILL', ...(await stack.containers('gateway')));
    const answer = await get('/api/users/1', { 'x-request-id': 'nobody-there' });
    expect([502, 503, 504]).toContain(answer.status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toMatchObject({
      status: answer.status,
      instance: '/api/users/1',
      requestId: 'nobody-there',
    });
    await stack.up({ gateway: 1 });
    await expect
      .poll(async () => (await get('/api/users/1')).status, { timeout: 30_000 })
      .toBe(200);
  });
}
