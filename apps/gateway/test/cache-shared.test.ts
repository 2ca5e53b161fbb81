import { describeWithRedis, redisUrl, startOwnRedis, uniqueName } from '@woodytoys/testing';
import { expect, it, onTestFinished } from 'vitest';
import { startBackend } from './support/backend.ts';
import type { Backend } from './support/backend.ts';
import {
  cached,
  counting,
  get,
  heldBack,
  readyRedis,
  untilCacheUsesRedis,
  untilInFlight,
} from './support/cache.ts';
import { startGateway } from './support/gateway.ts';
import type { RunningGateway } from './support/gateway.ts';
import { startProcess } from './support/process.ts';

/** A gateway whose name for clients is the same as that of its replicas. */
async function startReplica(backend: Backend, url: string, options = '{}') {
  const redis = await readyRedis(url);
  const gateway = await startGateway(cached(backend.url, options), { redis, trustedProxies: 1 });
  await untilCacheUsesRedis(gateway);
  return gateway;
}

const asOne = { 'x-forwarded-host': 'toys.example' };

function ask(gateway: { url: string }, path: string, headers: Record<string, string> = {}) {
  return get(gateway, path, { headers: { ...asOne, ...headers } });
}

const change = (gateway: { url: string }, path: string) =>
  fetch(gateway.url + path, { method: 'POST', headers: asOne });

const somewhere = () => `/api/${uniqueName('x')}`;

describeWithRedis('a cache that replicas share', () => {
  const replicas = async (backend: Backend, count: number, options?: string) =>
    (await Promise.all(
      Array.from({ length: count }, () => startReplica(backend, redisUrl(), options)),
    )) as [RunningGateway, RunningGateway, ...RunningGateway[]];

  it('asks the origin once for 500 concurrent misses on 3 replicas', async () => {
    const { holding, release } = heldBack(counting({ 'cache-control': 'max-age=60' }));
    const backend = await startBackend(holding);
    const gateways = await replicas(backend, 3);
    const path = somewhere();
    const asking = Promise.all(
      Array.from({ length: 500 }, (_, index) => ask(gateways[index % 3] as RunningGateway, path)),
    );
    await untilInFlight(gateways, 500);
    expect(backend.seen).toHaveLength(1);
    release();
    const all = await asking;
    expect(all.filter(({ status, text }) => status === 200 && text === '1')).toHaveLength(500);
    expect(all.filter(({ how }) => how === 'MISS')).toHaveLength(1);
    expect(backend.seen).toHaveLength(1);
  }, 60_000);

  it('serves on one what another has fetched, in any bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const backend = await startBackend((_request, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' }).end(bytes);
    });
    const [one, two] = await replicas(backend, 2);
    const path = somewhere();
    await ask(one, path);
    const response = await fetch(two.url + path, { headers: asOne });
    expect(response.headers.get('x-cache')).toBe('HIT');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    expect(backend.seen).toHaveLength(1);
  });

  it('keeps variants for all', async () => {
    const backend = await startBackend(({ headers }, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', vary: 'Accept-Language' });
      response.end(headers['accept-language']);
    });
    const gateways = await replicas(backend, 2);
    const path = somewhere();
    for (const gateway of [...gateways, ...gateways]) {
      for (const language of ['fr', 'en']) {
        const { text } = await ask(gateway, path, { 'accept-language': language });
        expect(text).toBe(language);
      }
    }
    expect(backend.seen).toHaveLength(2);
  });

  it('forgets everywhere after a change', async () => {
    let count = 0;
    const backend = await startBackend(({ method }, response) => {
      if (method === 'POST') response.writeHead(204).end();
      else response.writeHead(200, { 'cache-control': 'max-age=60' }).end(String((count += 1)));
    });
    // The first level would serve for a minute what is not told to it.
    const [one, two] = await replicas(backend, 2, '{ firstLevel: 1m }');
    const path = somewhere();
    expect([(await ask(one, path)).text, (await ask(two, path)).text]).toEqual(['1', '1']);
    await change(one, path);
    await expect.poll(async () => (await ask(two, path)).text).toBe('2');
    expect((await ask(one, path)).text).toBe('2');
  });

  it('forgets all that begin with a path on the other replicas within moments', async () => {
    let count = 0;
    const backend = await startBackend(({ method }, response) => {
      if (method === 'POST') response.writeHead(204).end();
      else response.writeHead(200, { 'cache-control': 'max-age=60' }).end(String((count += 1)));
    });
    const base = somewhere();
    const [one, two] = await replicas(backend, 2, `{ invalidates: ['${base}/*'] }`);
    const path = `${base}/list?page=3`;
    expect([(await ask(one, path)).text, (await ask(two, path)).text]).toEqual(['1', '1']);
    await change(one, somewhere());
    expect((await ask(one, path)).text).toBe('2');
    await expect.poll(async () => (await ask(two, path)).text, { timeout: 5_000 }).toBe('2');
    expect(count).toBe(2);
  });

  it('refreshes a stale answer once for all', async () => {
    const { holding, held, release } = heldBack(
      counting({ 'cache-control': 'max-age=1, stale-while-revalidate=60' }),
    );
    const backend = await startBackend(holding);
    const gateways = await replicas(backend, 2);
    const path = somewhere();
    const first = ask(gateways[0], path);
    await expect.poll(() => held.length).toBe(1);
    release();
    await first;
    await expect
      .poll(async () => (await ask(gateways[0], path)).how, { timeout: 5_000 })
      .toBe('STALE');
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, index) => ask(gateways[index % 2] as RunningGateway, path)),
    );
    expect(all.every(({ how, text }) => how === 'STALE' && text === '1')).toBe(true);
    expect(backend.seen).toHaveLength(2);
    release({ forGood: true });
    // It is stale again after a second, and refreshed again.
    await expect
      .poll(async () => Number((await ask(gateways[1], path)).text), { timeout: 5_000 })
      .toBeGreaterThanOrEqual(2);
  });

  it('lets another replica load when the one that did is killed', async () => {
    const { holding, release } = heldBack(counting({ 'cache-control': 'max-age=60' }));
    const backend = await startBackend(holding);
    const [survivor] = await replicas(backend, 1);
    const victim = await startProcess(cached(backend.url), {
      REDIS_URL: redisUrl(),
      TRUSTED_PROXIES: '1',
    });
    const uses = () => victim.lines().some(({ msg }) => msg === 'the cache uses Redis');
    await expect.poll(uses, { timeout: 30_000 }).toBe(true);
    const ready = () =>
      fetch(`${victim.privateUrl}/readyz`).then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(ready, { timeout: 30_000 }).toBe(200);
    const path = somewhere();
    const dying = ask(victim, path).catch(() => undefined);
    await expect.poll(() => backend.seen.length).toBe(1);
    const waiting = ask(survivor, path);
    await untilInFlight([survivor], 1);
    victim.child.kill('SIGKILL');
    await dying;
    await expect.poll(() => backend.seen.length, { timeout: 10_000 }).toBe(2);
    release();
    expect(await waiting).toMatchObject({ status: 200, how: 'MISS' });
  }, 60_000);
});

describeWithRedis('a cache whose Redis is not there', () => {
  it('goes on in each replica, one request for many misses, and with Redis when it is back', async () => {
    const server = await startOwnRedis();
    onTestFinished(() => server.close());
    const { holding, held, release } = heldBack(counting({ 'cache-control': 'max-age=60' }));
    const backend = await startBackend(holding);
    const one = await startReplica(backend, server.url, '{ firstLevel: 100ms }');
    const two = await startReplica(backend, server.url, '{ firstLevel: 100ms }');
    await server.stop();
    const path = somewhere();
    const asking = Promise.all(Array.from({ length: 50 }, () => ask(one, path)));
    await untilInFlight([one], 50);
    expect(held).toHaveLength(1);
    release();
    const all = await asking;
    expect(all.filter(({ status, text }) => status === 200 && text === '1')).toHaveLength(50);
    expect(backend.seen).toHaveLength(1);

    await server.start();
    await untilCacheUsesRedis(one, 2);
    await untilCacheUsesRedis(two, 2);
    const other = somewhere();
    const first = ask(one, other);
    await expect.poll(() => held.length).toBe(1);
    release();
    await first;
    expect((await ask(two, other)).how).toBe('HIT');
  }, 60_000);
});
