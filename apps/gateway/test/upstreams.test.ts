import { describe, expect, it } from 'vitest';
import { originOf } from '../src/upstreams/connection.ts';
import { addressKey, parseDiscovery } from '../src/upstreams/discovery.ts';
import { sendJson, startBackend, startRawBackend } from './support/backend.ts';
import type { Backend } from './support/backend.ts';
import { oneUpstream, problemOf, startGateway } from './support/gateway.ts';

const urls = (backends: readonly Backend[]) => `'${backends.map(({ url }) => url).join()}'`;
const counts = (backends: readonly Backend[]) => backends.map(({ seen }) => seen.length);

async function ask(url: string, init: RequestInit = {}): Promise<number> {
  const response = await fetch(`${url}/api/x`, init);
  await response.arrayBuffer();
  return response.status;
}

/** Answers one request after another when told. */
async function startHolding() {
  const held: (() => void)[] = [];
  const backend = await startBackend((_request, response) => {
    held.push(() => response.end('done'));
  });
  return { backend, held };
}

/** Answers with the status that it has at the moment. */
async function startStatus(status = 200) {
  const state = { status };
  const backend = await startBackend((_request, response) => sendJson(response, state.status, {}));
  return { ...backend, setStatus: (next: number) => (state.status = next) };
}

describe('balancing', () => {
  it('by p2c gives a replica that is slow fewer requests', async () => {
    const [slow, quick] = [await startHolding(), await startBackend()];
    const gateway = await startGateway(
      oneUpstream(urls([slow.backend, quick]), { upstream: 'balance: p2c' }),
    );
    const first = Array.from({ length: 8 }, () => ask(gateway.url));
    // Whatever chance gave the slow one, before and by the time that all have come.
    await expect.poll(() => slow.held.length + quick.seen.length).toBe(8);
    await expect.poll(() => slow.held.length).toBeGreaterThan(0);
    const held = slow.held.length;
    for (let count = 0; count < 20; count += 1) await ask(gateway.url);
    expect(slow.held.length).toBeLessThanOrEqual(held + 1);
    for (const release of slow.held) release();
    await Promise.all(first);
  });

  it('by hash gives the requests of one header to one replica, and its keys alone to others when it is gone', async () => {
    const backends = await Promise.all([1, 2, 3].map(() => startBackend()));
    const gateway = await startGateway(
      oneUpstream(urls(backends), { upstream: 'balance: { hash: X-Account }' }),
    );
    const homeOf = async (account: string) => {
      const before = counts(backends);
      expect(await ask(gateway.url, { headers: { 'x-account': account } })).toBe(200);
      return counts(backends).findIndex((count, index) => count > (before[index] as number));
    };
    // So many that chance cannot leave a replica without one: 3 x (2 / 3)^100.
    const accounts = Array.from({ length: 100 }, (_, index) => `account-${index}`);
    const homes: number[] = [];
    for (const account of accounts) homes.push(await homeOf(account));
    expect(new Set(homes).size).toBe(3);
    for (const [index, account] of accounts.entries()) {
      expect(await homeOf(account)).toBe(homes[index]);
    }
    await (backends[0] as Backend).close();
    for (const [index, account] of accounts.entries()) {
      const home = await homeOf(account);
      if (homes[index] === 0) expect(home).toBeGreaterThan(0);
      else expect(home).toBe(homes[index]);
    }
  });
});

const routeTo = (upstream: string) => `
routes:
  - path: /api/*
    methods: [GET, POST]
    endpoint: { http: { upstream: ${upstream}, path: '/*' } }
`;

describe('a split', () => {
  it('gives each upstream its share, and one header always the same one', async () => {
    const [stable, canary] = [await startBackend(), await startBackend()];
    const gateway = await startGateway(`
upstreams:
  stable: { discover: ${stable.url} }
  canary: { discover: ${canary.url} }
  both: { split: { stable: 80, canary: 20 }, splitBy: X-Account }
${routeTo('both')}`);
    for (let count = 0; count < 300; count += 1) await ask(gateway.url);
    expect(canary.seen.length).toBeGreaterThan(25);
    expect(canary.seen.length).toBeLessThan(110);
    const before = canary.seen.length;
    for (let count = 0; count < 10; count += 1) {
      await ask(gateway.url, { headers: { 'x-account': 'one' } });
    }
    expect([0, 10]).toContain(canary.seen.length - before);
    const line = gateway.log.lines.find(({ msg }) => msg === 'request');
    expect(['stable', 'canary']).toContain(line?.['upstream']);
  });

  it('names only upstreams that are there and have replicas, and has no option of theirs', async () => {
    await expect(
      startGateway(`
upstreams:
  a: { discover: 'http://127.0.0.1:1' }
  b: { split: { a: 1, c: 1 } }
  d: { split: { b: 1 } }
  e: { split: { a: 1 }, maxInFlight: 5 }
  f: { split: { a: 0 } }
  g: { discover: 'http://127.0.0.1:1', mirror: { upstream: g } }
${routeTo('a')}`),
    ).rejects.toThrow(
      /:4 .*"c" that has replicas[^]*:5 .*"b" that has[^]*:6 .*"maxInFlight" belongs[^]*:7 .*every weight is 0[^]*:8 .*itself/,
    );
  });
});

describe('a mirror', () => {
  it('gets a copy, body included; what it answers, or that it does not, changes nothing', async () => {
    const [main, shadow] = [await startBackend(), await startHolding()];
    const gateway = await startGateway(`
upstreams:
  main: { discover: ${main.url}, mirror: { upstream: shadow } }
  shadow: { discover: ${shadow.backend.url}, mirror: { upstream: main } }
${routeTo('main')}`);
    expect(await ask(gateway.url, { method: 'POST', body: 'hello' })).toBe(200);
    await expect.poll(() => shadow.backend.seen.map(({ body }) => body)).toEqual(['hello']);
    for (const release of shadow.held) release();
    const mirrored = (outcome: string) =>
      gateway.metric('gateway_mirrored_requests_total', { upstream: 'main', outcome });
    await expect.poll(() => mirrored('sent')).toBe(1);
    await shadow.backend.close();
    expect(await ask(gateway.url)).toBe(200);
    await expect.poll(() => mirrored('failed')).toBe(1);
    const streamed = new Blob(['x'.repeat(1_000)]).stream();
    const init = { method: 'POST', body: streamed, duplex: 'half' } as RequestInit;
    expect(await ask(gateway.url, init)).toBe(200);
    expect(await mirrored('skipped')).toBe(1);
    expect(main.seen).toHaveLength(3);
  });
});

describe('a mirror over a reload', () => {
  const configuration = (main: Backend, shadow: Backend, limit: number, path = '/*') => `
upstreams:
  main: { discover: ${main.url}, mirror: { upstream: shadow } }
  shadow: { discover: ${shadow.url}, maxInFlight: ${limit} }
routes:
  - { path: '/api/*', methods: [GET], endpoint: { http: { upstream: main, path: '${path}' } } }
`;

  it('goes on when the new configuration is refused', async () => {
    const [main, shadow] = [await startBackend(), await startBackend()];
    const gateway = await startGateway(configuration(main, shadow, 10));
    gateway.rewrite(configuration(main, shadow, 20, '/{unknown}'));
    await expect(gateway.gateway.reload()).rejects.toThrow();
    expect(await ask(gateway.url)).toBe(200);
    await expect.poll(() => shadow.seen.length).toBe(1);
    gateway.rewrite(configuration(main, shadow, 20));
    await gateway.gateway.reload();
    expect(await ask(gateway.url)).toBe(200);
    await expect.poll(() => shadow.seen.length).toBe(2);
  });

  it('that never ends does not hold up the end of the gateway', async () => {
    const main = await startBackend();
    const shadow = await startRawBackend((request, response) => {
      request.resume();
      response.write('x');
    });
    const gateway = await startGateway(configuration(main, shadow, 10));
    expect(await ask(gateway.url)).toBe(200);
    await expect.poll(() => shadow.sockets.size).toBe(1);
    const startedAt = performance.now();
    await gateway.close();
    // Less than the minute that a replica which is gone has for what runs on it.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  }, 90_000);
});

describe('an IPv6 address', () => {
  it('is connected to without the brackets that a URL has it in', () => {
    expect(parseDiscovery('http://[::1]:81,https://[2001:db8::2]')).toEqual({
      kind: 'static',
      addresses: [
        { protocol: 'http:', host: '::1', port: 81 },
        { protocol: 'https:', host: '2001:db8::2', port: 443 },
      ],
    });
    const address = { protocol: 'http:', host: '::1', port: 81 } as const;
    expect([originOf(address), addressKey(address)]).toEqual(['http://[::1]:81', '[::1]:81']);
  });
});

describe('a status to be retried', () => {
  const retry = 'retry: { on: [503], methods: [GET, PUT] }';

  it('is asked again of another replica for idempotent methods, with the body again', async () => {
    const [failing, good] = [await startStatus(503), await startBackend()];
    const gateway = await startGateway(oneUpstream(urls([failing, good]), { upstream: retry }));
    for (let count = 0; count < 4; count += 1) {
      expect(await ask(gateway.url, { method: 'PUT', body: 'same' })).toBe(200);
    }
    expect(good.seen.every(({ body }) => body === 'same')).toBe(true);
    const statuses = [];
    for (let count = 0; count < 4; count += 1) {
      statuses.push(await ask(gateway.url, { method: 'POST', body: 'once' }));
    }
    expect(statuses.filter((status) => status === 503)).toHaveLength(2);
    const retried = failing.seen.filter(({ method }) => method === 'PUT').length;
    expect(retried).toBeGreaterThan(0);
    expect(await gateway.metric('gateway_retries_total', { reason: '503' })).toBe(retried);
  });

  it('is the answer when the budget is spent', async () => {
    const failing = await startStatus(503);
    const gateway = await startGateway(
      oneUpstream(failing.url, {
        upstream: 'retry: { on: [503], budgetPercent: 0, budgetPerSecond: 0.5 }',
      }),
    );
    for (let count = 0; count < 20; count += 1) expect(await ask(gateway.url)).toBe(503);
    expect(failing.seen).toHaveLength(25);
    const reason = 'retry_budget';
    expect(await gateway.metric('gateway_upstream_refusals_total', { reason })).toBe(15);
  });
});

describe('a replica that fails what it gets', () => {
  it('is ejected whatever its probe says, and comes back', async () => {
    const [failing, good] = [await startStatus(500), await startBackend()];
    const gateway = await startGateway(
      oneUpstream(urls([failing, good]), {
        upstream: 'eject: { failures: 3, base: 1s }\n    probe: { static: true, path: / }',
      }),
    );
    // Its probe has to be answered with 200.
    failing.setStatus(200);
    await expect.poll(() => gateway.metric('gateway_replicas', { state: 'usable' })).toBe(2);
    failing.setStatus(500);
    const statuses = await Promise.all(Array.from({ length: 12 }, () => ask(gateway.url)));
    expect(statuses).toContain(500);
    expect(await gateway.metric('gateway_replicas', { state: 'ejected' })).toBe(1);
    expect(await gateway.metric('gateway_ejections_total')).toBe(1);
    for (let count = 0; count < 6; count += 1) expect(await ask(gateway.url)).toBe(200);
    failing.setStatus(200);
    await expect
      .poll(() => gateway.metric('gateway_replicas', { state: 'ejected' }), { timeout: 10_000 })
      .toBe(0);
  });

  it('is not ejected when it is the only one', async () => {
    const failing = await startStatus(500);
    const gateway = await startGateway(oneUpstream(failing.url, { upstream: 'eject: true' }));
    for (let count = 0; count < 10; count += 1) expect(await ask(gateway.url)).toBe(500);
    expect(failing.seen).toHaveLength(10);
  });
});

describe('a circuit breaker', () => {
  it('opens for an upstream that fails, answers 503 itself, and closes when probes succeed', async () => {
    const failing = await startStatus(500);
    const gateway = await startGateway(
      oneUpstream(failing.url, { upstream: 'breaker: { minRequests: 4, open: 1s, probes: 2 }' }),
    );
    const state = (name: string) => gateway.metric('gateway_breaker_state', { state: name });
    for (let count = 0; count < 4; count += 1) expect(await ask(gateway.url)).toBe(500);
    expect(await state('open')).toBe(1);
    const refused = await fetch(`${gateway.url}/api/x`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    await problemOf(refused);
    expect(failing.seen).toHaveLength(4);
    failing.setStatus(200);
    await expect.poll(() => ask(gateway.url), { timeout: 10_000 }).toBe(200);
    expect(await ask(gateway.url)).toBe(200);
    expect(await state('closed')).toBe(1);
    for (const to of ['open', 'half-open', 'closed']) {
      expect(await gateway.metric('gateway_breaker_transitions_total', { to })).toBe(1);
    }
  });
});

describe('a cap on requests in flight', () => {
  it('refuses one more at once, and lets it in when another has ended or its client has gone', async () => {
    const { backend, held } = await startHolding();
    const gateway = await startGateway(oneUpstream(backend.url, { upstream: 'maxInFlight: 2' }));
    const leaving = new AbortController();
    const first = ask(gateway.url);
    const second = ask(gateway.url, { signal: leaving.signal }).catch(() => 'gone');
    await expect.poll(() => held.length).toBe(2);
    const refused = await fetch(`${gateway.url}/api/x`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await gateway.metric('gateway_upstream_refusals_total', { reason: 'in_flight' })).toBe(
      1,
    );
    leaving.abort();
    expect(await second).toBe('gone');
    const inFlight = () => gateway.metric('gateway_upstream_requests_in_flight');
    await expect.poll(inFlight).toBe(1);
    const third = ask(gateway.url);
    await expect.poll(() => held.length).toBe(3);
    for (const release of held) release();
    expect(await Promise.all([first, third])).toEqual([200, 200]);
    await expect.poll(inFlight).toBe(0);
  });

  it('counts what was cut and what failed, and gives all of it back', async () => {
    const breaking = await startRawBackend((request, response) => {
      if (request.url === '/cut') response.writeHead(200).write('part', () => response.destroy());
      else request.socket.destroy();
    });
    const gateway = await startGateway(
      oneUpstream(breaking.url, { upstream: 'maxInFlight: 3', route: 'timeout: 500ms' }),
    );
    for (let count = 0; count < 8; count += 1) {
      const path = count % 2 === 0 ? 'cut' : 'broken';
      await fetch(`${gateway.url}/api/${path}`)
        .then(
          (response) => response.text(),
          () => '',
        )
        .catch(() => '');
    }
    await expect.poll(() => gateway.metric('gateway_upstream_requests_in_flight')).toBe(0);
    expect(await gateway.metric('gateway_upstream_refusals_total')).toBe(0);
  });
});

describe('an adaptive limit', () => {
  it('falls when an upstream is so slow that its clients go before it answers', async () => {
    const { backend, held } = await startHolding();
    const gateway = await startGateway(oneUpstream(backend.url, { upstream: 'adaptive: true' }));
    const limit = () => gateway.metric('gateway_upstream_in_flight_limit');
    const answering = setInterval(() => {
      for (const release of held.splice(0)) release();
    }, 2);
    const quickUntil = Date.now() + 500;
    while (Date.now() < quickUntil) expect(await ask(gateway.url)).toBe(200);
    clearInterval(answering);
    expect(await limit()).toBe(20);
    const impatient = () => ask(gateway.url, { signal: AbortSignal.timeout(1_000) });
    const fallen = async () => {
      await Promise.allSettled(Array.from({ length: 15 }, impatient));
      return limit();
    };
    await expect.poll(fallen, { timeout: 30_000 }).toBeLessThan(15);
  }, 60_000);
});
