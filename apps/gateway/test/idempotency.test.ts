import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { ServerResponse } from 'node:http';
import {
  createTestLogger,
  describeWithRedis,
  redisUrl,
  startOwnRedis,
  uniqueName,
} from '@woodytoys/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectRedis } from '../src/connections/redis.ts';
import { sendJson, startBackend, unusedPort } from './support/backend.ts';
import type { Answering, Backend } from './support/backend.ts';
import { oneUpstream, problemOf, startGateway } from './support/gateway.ts';
import type { RunningGateway } from './support/gateway.ts';
import { startProcess } from './support/process.ts';

const keyed = (url: string, options = '{}', { before = '', route = '' } = {}) =>
  oneUpstream(url, { route: `incoming: [${before} { idempotency: ${options} }]\n    ${route}` });

interface Sending {
  readonly key?: string;
  readonly body?: string | Buffer;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

const send = (
  { url }: { url: string },
  { key, body = '{"toy":1}', path = '/api/orders', method = 'POST', headers = {} }: Sending,
) =>
  fetch(`${url}${path}`, {
    method,
    body,
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { 'idempotency-key': key }),
      ...headers,
    },
  });

const code = async (response: Response) => [response.status, (await problemOf(response))['type']];
const problemType = (name: string) => `urn:woodytoys:problem:WT-${name}`;

/** Answers 201 with a body that no other request gets. */
const create: Answering = (request, response) => {
  response.setHeader('location', `/orders/${randomUUID()}`);
  sendJson(response, 201, { made: randomUUID(), body: request.body });
};

/** Holds every answer until it is let go. */
function holding(answer: Answering = create) {
  const held: (() => void)[] = [];
  const holdingAnswer: Answering = (request, response) =>
    void held.push(() => answer(request, response));
  return { answer: holdingAnswer, held, release: () => held.splice(0).forEach((go) => go()) };
}

async function redisOf(url = redisUrl()) {
  const redis = connectRedis(url, createTestLogger(), 5_000);
  onTestFinished(() => redis.close());
  await expect
    .poll(
      () =>
        redis.call('PING').then(
          () => true,
          () => false,
        ),
      { timeout: 15_000 },
    )
    .toBe(true);
  return redis;
}

const decisions = (gateway: RunningGateway, outcome: string) =>
  gateway.metric('gateway_decisions_total', { decider: 'idempotency', outcome });

describe('idempotency in one process', () => {
  it('takes the name of a request for its key, for GET as well, where it is told to', async () => {
    const backend = await startBackend(create);
    const gateway = await startGateway(
      keyed(backend.url, '{ header: X-Request-Id, methods: [GET] }'),
    );
    const get = async (headers: Record<string, string>, method = 'GET') => {
      const response = await fetch(`${gateway.url}/api/orders`, { method, headers });
      return [response.headers.get('idempotency-replayed'), await response.text()];
    };
    const [, first] = await get({ 'x-request-id': 'r-1' });
    expect(await get({ 'x-request-id': 'r-1' })).toEqual(['true', first]);
    const others: Record<string, string>[] = [
      { 'x-request-id': 'r-2' },
      {},
      {},
      { 'x-request-id': 'no {id}' },
    ];
    others.push({ 'x-request-id': 'no {id}' }, { 'idempotency-key': 'k' });
    for (const headers of others) expect((await get(headers))[0]).toBeNull();
    await get({ 'x-request-id': 'r-1' }, 'POST');
    expect(backend.seen).toHaveLength(8);
  });

  it('gives a repeat the answer of the first, byte for byte, and says so', async () => {
    const bytes = Buffer.from([0, 255, 128, 10, 13, 0xc3, 0x28]);
    const backend = await startBackend((_request, response) => {
      response.writeHead(201, {
        'content-type': 'application/octet-stream',
        'x-run': randomUUID(),
        'set-cookie': ['a=1', 'b=2'],
      });
      response.end(bytes);
    });
    const gateway = await startGateway(keyed(backend.url));
    const first = await send(gateway, { key: 'k1' });
    const second = await send(gateway, { key: 'k1' });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.headers.get('x-run')).toBe(first.headers.get('x-run'));
    expect(second.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(Buffer.from(await second.arrayBuffer())).toEqual(bytes);
    expect(Buffer.from(await first.arrayBuffer())).toEqual(bytes);
    // Which request it was is not replayed: it tells of this one.
    expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(backend.seen).toHaveLength(1);
    expect(await decisions(gateway, 'replayed')).toBe(1);
  });

  it('hands the key and the body on', async () => {
    const backend = await startBackend(create);
    const gateway = await startGateway(keyed(backend.url));
    await send(gateway, { key: 'k1', body: '{"n":1}', headers: { 'idempotency-attempt': '7' } });
    expect(backend.seen).toMatchObject([
      { method: 'POST', body: '{"n":1}', headers: { 'idempotency-key': 'k1' } },
    ]);
    // Only the gateway says which attempt it is.
    expect(backend.seen[0]?.headers['idempotency-attempt']).toBeUndefined();
  });

  it('keeps the keys of other methods and clients apart', async () => {
    const backend = await startBackend(create);
    const gateway = await startGateway(keyed(backend.url), { trustedProxies: 1 });
    const from = (address: string) => ({ 'x-forwarded-for': address });
    await send(gateway, { key: 'k1', headers: from('10.0.0.1') });
    await send(gateway, { key: 'k1', headers: from('10.0.0.2') });
    await send(gateway, { key: 'k1', headers: from('10.0.0.1'), method: 'PATCH' });
    const repeat = await send(gateway, { key: 'k1', headers: from('10.0.0.1') });
    expect(repeat.headers.get('idempotency-replayed')).toBe('true');
    expect(backend.seen).toHaveLength(3);
  });

  it('is 422 for the same key with another body, path, query or content type', async () => {
    const backend = await startBackend(create);
    const gateway = await startGateway(keyed(backend.url));
    await send(gateway, { key: 'k1' });
    const others: Sending[] = [
      { body: '{"toy":2}' },
      { path: '/api/others' },
      { path: '/api/orders?dry=1' },
      { headers: { 'content-type': 'text/plain' } },
    ];
    for (const other of others) {
      const response = await send(gateway, { key: 'k1', ...other });
      expect(await code(response)).toEqual([422, problemType('IDEMPOTENCY-KEY-REUSED')]);
    }
    expect(backend.seen).toHaveLength(1);
  });

  it('is 409 with Retry-After while the first runs', async () => {
    const { answer, release, held } = holding();
    const backend = await startBackend(answer);
    const gateway = await startGateway(keyed(backend.url));
    const first = send(gateway, { key: 'k1' });
    await expect.poll(() => held.length).toBe(1);
    const second = await send(gateway, { key: 'k1' });
    expect(second.headers.get('retry-after')).toBe('1');
    expect(await code(second)).toEqual([409, problemType('IDEMPOTENCY-IN-FLIGHT')]);
    release();
    expect((await first).status).toBe(201);
    expect((await send(gateway, { key: 'k1' })).headers.get('idempotency-replayed')).toBe('true');
    expect(backend.seen).toHaveLength(1);
  });

  it.each([
    ['none where one is required', undefined],
    ['an empty one', ''],
    ['one with a space', 'a b'],
    ['one of 256 characters', 'x'.repeat(256)],
    ['one that is not ASCII', 'clé'],
  ])('is 400 for %s', async (_what, key) => {
    const backend = await startBackend(create);
    const gateway = await startGateway(keyed(backend.url, '{ required: true }'));
    const response = await send(gateway, { ...(key !== undefined && { key }) });
    expect(await code(response)).toEqual([400, problemType('IDEMPOTENCY-KEY-INVALID')]);
    expect(backend.seen).toHaveLength(0);
  });

  it('takes a key of 255 characters, and one in quotes as the same without', async () => {
    const backend = await startBackend(create);
    const gateway = await startGateway(keyed(backend.url));
    const key = 'x'.repeat(255);
    expect((await send(gateway, { key: `"${key}"` })).status).toBe(201);
    expect((await send(gateway, { key })).headers.get('idempotency-replayed')).toBe('true');
  });

  it('lets requests without a key, and other methods, run each time', async () => {
    const backend = await startBackend(create);
    const gateway = await startGateway(keyed(backend.url));
    await send(gateway, {});
    await send(gateway, {});
    await send(gateway, { key: 'k1', method: 'PUT' });
    await send(gateway, { key: 'k1', method: 'PUT' });
    expect(backend.seen).toHaveLength(4);
  });

  it('forgets a key after its time', async () => {
    const backend = await startBackend(create);
    const gateway = await startGateway(keyed(backend.url, '{ ttl: 300ms, lease: 100ms }'));
    await send(gateway, { key: 'k1' });
    await expect
      .poll(async () => (await send(gateway, { key: 'k1' })).headers.get('idempotency-replayed'), {
        timeout: 5_000,
        interval: 100,
      })
      .toBeNull();
    expect(backend.seen).toHaveLength(2);
  });

  it('remembers keys over a reload', async () => {
    const backend = await startBackend(create);
    const gateway = await startGateway(keyed(backend.url));
    await send(gateway, { key: 'k1' });
    await gateway.gateway.reload();
    expect((await send(gateway, { key: 'k1' })).headers.get('idempotency-replayed')).toBe('true');
  });

  it('keeps a lasting refusal, and forgets a passing one', async () => {
    let status = 422;
    const backend = await startBackend((_request, response) => sendJson(response, status, {}));
    const gateway = await startGateway(keyed(backend.url));
    expect((await send(gateway, { key: 'k1' })).status).toBe(422);
    status = 429;
    expect((await send(gateway, { key: 'k2' })).status).toBe(429);
    status = 201;
    expect((await send(gateway, { key: 'k1' })).status).toBe(422);
    expect((await send(gateway, { key: 'k2' })).status).toBe(201);
    expect(backend.seen).toHaveLength(3);
  });

  it('frees the key when no replica could be reached', async () => {
    const port = await unusedPort();
    const gateway = await startGateway(keyed(`http://127.0.0.1:${port}`));
    expect((await send(gateway, { key: 'k1' })).status).toBe(503);
    const backend = await startBackend(create, port);
    await expect.poll(async () => (await send(gateway, { key: 'k1' })).status).toBe(201);
    expect(backend.seen).toHaveLength(1);
  });

  it.each([
    ['500', (response: ServerResponse) => sendJson(response, 500, {}), 500],
    ['a lost connection', (response: ServerResponse) => response.destroy(), 502],
    ['a time-out', () => {}, 504],
  ])('neither replays nor runs again what ended with %s', async (_what, fail, status) => {
    const backend = await startBackend((_request, response) => void fail(response));
    const gateway = await startGateway(keyed(backend.url, '{}', { route: 'timeout: 300ms' }));
    expect((await send(gateway, { key: 'k1' })).status).toBe(status);
    const repeat = await send(gateway, { key: 'k1' });
    expect(repeat.headers.get('idempotency-replayed')).toBeNull();
    const problem = await problemOf(repeat);
    expect(problem).toMatchObject({ status: 409, type: problemType('IDEMPOTENCY-OUTCOME') });
    expect(problem['detail']).toContain(`status ${status}`);
    expect(backend.seen).toHaveLength(1);
  });

  it('runs it again where the service keeps the keys, and tells it which attempt that is', async () => {
    let status = 500;
    const backend = await startBackend((_request, response) => sendJson(response, status, {}));
    const gateway = await startGateway(keyed(backend.url, '{ unknown: rerun }'));
    expect((await send(gateway, { key: 'k1' })).status).toBe(500);
    status = 201;
    expect((await send(gateway, { key: 'k1' })).status).toBe(201);
    expect((await send(gateway, { key: 'k1' })).headers.get('idempotency-replayed')).toBe('true');
    const attempts = backend.seen.map(({ headers }) => [
      headers['idempotency-key'],
      headers['idempotency-attempt'],
    ]);
    expect(attempts).toEqual([
      ['k1', undefined],
      ['k1', '2'],
    ]);
  });

  it('gives an answer past the limit whole, and does not run it again', async () => {
    const body = 'y'.repeat(5_000);
    const backend = await startBackend((_request, response) => {
      response.writeHead(201, { 'content-type': 'text/plain' });
      response.write(body.slice(0, 2_500));
      setTimeout(() => response.end(body.slice(2_500)), 50);
    });
    const gateway = await startGateway(keyed(backend.url, '{ maxAnswer: 1kB }'));
    const first = await send(gateway, { key: 'k1' });
    expect(await first.text()).toBe(body);
    expect(await code(await send(gateway, { key: 'k1' }))).toEqual([
      409,
      problemType('IDEMPOTENCY-OUTCOME'),
    ]);
    expect(backend.seen).toHaveLength(1);
  });

  it('runs to its end when the client goes, and keeps the answer for the repeat', async () => {
    const { answer, release, held } = holding();
    const backend = await startBackend(answer);
    const gateway = await startGateway(keyed(backend.url));
    const leaving = httpRequest(`${gateway.url}/api/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k1' },
    });
    leaving.on('error', () => {});
    leaving.end('{"toy":1}');
    await expect.poll(() => held.length).toBe(1);
    leaving.destroy();
    await expect.poll(() => gateway.log.lines.some(({ msg }) => msg === 'request')).toBe(true);
    release();
    await expect
      .poll(async () => (await send(gateway, { key: 'k1' })).headers.get('idempotency-replayed'))
      .toBe('true');
    expect(backend.seen).toHaveLength(1);
  });
});

describeWithRedis('idempotency over Redis', () => {
  const start = async (backend: Backend, options = '{}') =>
    startGateway(keyed(backend.url, options), { redis: await redisOf() });

  it('runs once for two gateways that get the same key at the same time', async () => {
    const backend = await startBackend((request, response) =>
      setTimeout(() => create(request, response), 2_000),
    );
    const gateways = await Promise.all([start(backend), start(backend)]);
    const key = uniqueName('key');
    const responses = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        send(gateways[index % 2] as RunningGateway, { key }),
      ),
    );
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(39);
    const first = responses.find(({ status }) => status === 201) as Response;
    const made = await first.json();
    for (const gateway of gateways) {
      const repeat = await send(gateway, { key });
      expect(repeat.headers.get('idempotency-replayed')).toBe('true');
      expect(await repeat.json()).toEqual(made);
    }
    expect(backend.seen).toHaveLength(1);
  });

  it('keeps the lease of a request that runs for longer than it', async () => {
    const { answer, release, held } = holding();
    const backend = await startBackend(answer);
    const [one, two] = await Promise.all([
      start(backend, '{ lease: 1s, unknown: rerun }'),
      start(backend, '{ lease: 1s, unknown: rerun }'),
    ]);
    const key = uniqueName('key');
    const first = send(one, { key });
    await expect.poll(() => held.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect((await send(two, { key })).status).toBe(409);
    release();
    expect((await first).status).toBe(201);
    expect(backend.seen).toHaveLength(1);
  });

  it.each([
    ['refuses the repeat of what its gateway did not live to see', 'refuse'],
    ['runs it again where the service keeps the keys', 'rerun'],
  ])(
    '%s',
    async (_what, unknown) => {
      const { answer, release, held } = holding();
      const backend = await startBackend(answer);
      const options = `{ lease: 2s, unknown: ${unknown} }`;
      const survivor = await start(backend, options);
      const victim = await startProcess(keyed(backend.url, options), { REDIS_URL: redisUrl() });
      await expect
        .poll(
          () =>
            fetch(`${victim.privateUrl}/readyz`).then(
              ({ status }) => status,
              () => 0,
            ),
          {
            timeout: 30_000,
          },
        )
        .toBe(200);
      // Until its Redis is connected it refuses.
      await expect
        .poll(
          () => {
            void send(victim, { key: uniqueName('key') }).catch(() => {});
            return held.length;
          },
          { timeout: 15_000, interval: 200 },
        )
        .toBeGreaterThan(0);
      release();
      const key = uniqueName('key');
      const dying = send(victim, { key }).catch(() => undefined);
      await expect
        .poll(() => backend.seen.filter(({ headers }) => headers['idempotency-key'] === key).length)
        .toBe(1);
      victim.child.kill('SIGKILL');
      await dying;
      expect(await code(await send(survivor, { key }))).toEqual([
        409,
        problemType('IDEMPOTENCY-IN-FLIGHT'),
      ]);
      const repeat = async () => {
        const answering = send(survivor, { key });
        const timer = setInterval(release, 20);
        const response = await answering.finally(() => clearInterval(timer));
        return response.status === 201 ? [201] : code(response);
      };
      await expect
        .poll(repeat, { timeout: 15_000, interval: 200 })
        .toEqual(unknown === 'rerun' ? [201] : [409, problemType('IDEMPOTENCY-OUTCOME')]);
      const runs = backend.seen.filter(({ headers }) => headers['idempotency-key'] === key);
      expect(runs).toHaveLength(unknown === 'rerun' ? 2 : 1);
    },
    60_000,
  );

  it('lets a gateway that was taken for dead overwrite nothing', async () => {
    const { answer, held } = holding();
    const backend = await startBackend(answer);
    const server = await startOwnRedis();
    onTestFinished(() => server.close());
    const redis = await redisOf(server.url);
    const options = '{ lease: 500ms, unknown: rerun }';
    // Its Redis is away while it runs, so that its lease runs out.
    let away = false;
    const cut = {
      ...redis,
      call: (command: string, ...args: string[]) =>
        away ? Promise.reject(new Error('cut off')) : redis.call(command, ...args),
    };
    const late = await startGateway(keyed(backend.url, options), { redis: cut });
    const other = await startGateway(keyed(backend.url, options), { redis });
    const key = uniqueName('key');
    const first = send(late, { key });
    await expect.poll(() => held.length).toBe(1);
    away = true;
    let second: Promise<Response> | undefined;
    await expect
      .poll(
        () => {
          second ??= send(other, { key }).then((response) => {
            if (response.status === 409) second = undefined;
            return response;
          });
          return held.length;
        },
        { timeout: 10_000, interval: 100 },
      )
      .toBe(2);
    held[1]?.();
    const made = await ((await second) as Response).json();
    away = false;
    held[0]?.();
    expect((await first).status).toBe(201);
    for (const gateway of [late, other]) {
      expect(await (await send(gateway, { key })).json()).toEqual(made);
    }
    expect(late.log.lines.some(({ msg }) => msg.includes('was given away'))).toBe(true);
  }, 30_000);

  it('is closed while Redis is gone, or open when the route says so, and works when it is back', async () => {
    const server = await startOwnRedis();
    onTestFinished(() => server.close());
    const backend = await startBackend(create);
    const redis = await redisOf(server.url);
    const closed = await startGateway(keyed(backend.url), { redis });
    const open = await startGateway(keyed(backend.url, '{ whenRedisFails: open }'), { redis });
    await server.stop();
    expect(await code(await send(closed, { key: 'k1' }))).toEqual([
      503,
      problemType('UNAVAILABLE'),
    ]);
    expect(backend.seen).toHaveLength(0);
    expect((await send(open, { key: 'k1' })).status).toBe(201);
    expect((await send(open, { key: 'k1' })).status).toBe(201);
    expect(backend.seen).toHaveLength(2);
    expect(await decisions(closed, 'unavailable')).toBe(1);
    expect(await decisions(open, 'unchecked')).toBe(2);
    await server.start();
    await expect
      .poll(async () => (await send(closed, { key: 'k2' })).status, { timeout: 15_000 })
      .toBe(201);
    expect((await send(closed, { key: 'k2' })).headers.get('idempotency-replayed')).toBe('true');
  }, 60_000);
});
