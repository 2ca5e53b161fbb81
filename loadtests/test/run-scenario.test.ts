/** Real runs of k6 against a small server of the test's own. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LoadError } from '../src/k6/failure.ts';
import type { Progress } from '../src/k6/progress.ts';
import { runScenario } from '../src/k6/run-scenario.ts';
import { childrenNamed } from './support/processes.ts';
import { startSmallServer, type SmallServer } from './support/small-server.ts';
import { describeWithK6 } from './support/with-k6.ts';

/** What lab 4's facade answers, for a mix that finds nothing wrong. */
const lab4Answers = {
  '/mere/api/v1/merelogin': { body: '{"token":"bob"}' },
  '/magasin/api/v1/produits': {
    body: JSON.stringify(Array.from({ length: 50 }, () => ({ prix: 1.5, quantite: 3 }))),
  },
  '/mere/api/v1/produit': { body: '{"success":true}' },
  '/mere/api/v1/raport': {
    body: JSON.stringify(Array.from({ length: 20 }, () => ({ total: 1.5 }))),
  },
};

describeWithK6('runScenario', () => {
  let server: SmallServer;
  beforeAll(async () => {
    server = await startSmallServer({
      answers: {
        '/fast': { body: '{}' },
        '/slow': { status: 503, delayMs: 30 },
        '/api/ping': { body: 'ping' },
        ...lab4Answers,
      },
      policy: '"default"; q=60000; w=60',
    });
  });
  afterAll(() => server.close());

  it('tells rates, statuses, latencies by name, checks and thresholds', async () => {
    const before = server.asked.get('/fast') ?? 0;
    const seen: Progress[] = [];
    const result = await runScenario({
      scenario: 'isolation',
      target: server.origin,
      options: { rps: 20, duration: 3 },
      onProgress: (progress) => seen.push(progress),
    });

    expect(result).toMatchObject({
      scenario: 'isolation',
      target: server.origin,
      failedRatio: expect.closeTo(0.5, 1),
      checks: { failed: 0 },
      rateLimit: '60000 per client in 60 s',
      k6: expect.stringMatching(/^1\.\d+\.\d+$/),
    });
    // One of the requests at /fast asked for the limit.
    const fast = (server.asked.get('/fast') ?? 0) - before - 1;
    expect(result.byName['fast']?.requests).toBe(fast);
    expect(fast).toBeGreaterThan(30);
    expect(result.statuses).toEqual({ 200: fast, 503: result.requests - fast });
    expect(result.byName['slow']).toMatchObject({ failedRatio: 1 });
    expect(result.byName['slow']?.latency.p50).toBeGreaterThanOrEqual(29);
    expect(result.latency.max).toBeGreaterThanOrEqual(result.latency.p95);
    expect(result.seconds).toBeGreaterThanOrEqual(2.9);
    expect(result.requestsPerSecond).toBeCloseTo(result.requests / result.seconds, 0);
    expect(Date.parse(result.startedAt)).toBeLessThan(Date.now() - 2_900);
    expect(result.thresholds).toContainEqual({
      metric: 'http_req_failed{name:fast}',
      expression: 'rate<=0.001',
      ok: true,
    });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.at(-1)?.requests).toBeLessThanOrEqual(result.requests);
    expect(seen.at(-1)?.requestsPerSecond).toBeGreaterThan(1);
  });

  it('tells which thresholds broke and which checks did not hold', async () => {
    const result = await runScenario({
      scenario: 'isolation',
      target: server.origin,
      options: { rps: 5, duration: '1s', fast: '/nowhere' },
    });
    expect(result.thresholds).toContainEqual({
      metric: 'http_req_failed{name:fast}',
      expression: 'rate<=0.001',
      ok: false,
    });
    expect(result.failedChecks).toEqual({ 'fast: 200': result.byName['fast']?.requests });
  });

  it('counts what has no answer as status 0', async () => {
    const result = await runScenario({
      scenario: 'isolation',
      target: server.origin,
      options: { rps: 5, duration: '1s', slow: 'http://127.0.0.1:1/' },
    });
    expect(result.statuses['0']).toBe(result.byName['slow']?.requests);
  });

  it('ends by an error of the script with its words', async () => {
    const nobody = await startSmallServer({ answers: {} });
    const run = runScenario({ scenario: 'lab4', target: nobody.origin, options: { duration: 2 } });
    await expect(run).rejects.toThrow(/Bob cannot log in at .*merelogin: 404/);
    await nobody.close();
    await expect(run).rejects.toBeInstanceOf(LoadError);
  });

  it('sends lab 4’s mix, each of its three requests as often, and not the log-in', async () => {
    const options = { rps: 4, duration: 3 };
    const result = await runScenario({ scenario: 'lab4', target: server.origin, options });
    expect(result.failedChecks).toEqual({});
    expect(Object.keys(result.byName)).toEqual(['price', 'report', 'stock']);
    const counts = Object.values(result.byName).map(({ requests }) => requests);
    for (const count of counts) expect(Math.abs(count - 12)).toBeLessThanOrEqual(4);
    expect(result.requests).toBe(counts.reduce((sum, count) => sum + count));
    expect(server.asked.get('/mere/api/v1/merelogin')).toBe(1);
  });

  it('renews Bob’s token before it ends, and counts that for nothing either', async () => {
    const before = server.asked.get('/mere/api/v1/merelogin') ?? 0;
    const result = await runScenario({
      scenario: 'soak',
      target: server.origin,
      options: { rps: 10, duration: 3 },
      environment: { RENEW_SECONDS: '0.5' },
    });
    expect((server.asked.get('/mere/api/v1/merelogin') ?? 0) - before).toBeGreaterThan(2);
    const named = Object.values(result.byName).map(({ requests }) => requests);
    expect(result.requests).toBe(named.reduce((sum, count) => sum + count));
  });

  it('asks under the host of the facade', async () => {
    await runScenario({
      scenario: 'woodytoys',
      target: server.origin,
      options: { rps: 1, duration: 1, host: 'toys.example' },
    });
    expect(server.hosts).toContain('toys.example');
    expect(server.asked.get('/api/ping')).toBeGreaterThan(1);
  });

  it('leaves out K6_VUS and its like, which would replace the scenario', async () => {
    process.env['K6_VUS'] = '1';
    process.env['K6_ITERATIONS'] = '1';
    try {
      const options = { rps: 10, duration: 2 };
      const result = await runScenario({ scenario: 'isolation', target: server.origin, options });
      expect(result.requests).toBeGreaterThan(30);
    } finally {
      delete process.env['K6_VUS'];
      delete process.env['K6_ITERATIONS'];
    }
  });

  it('ends k6 when it is aborted, and rejects with the reason', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const run = runScenario({
      scenario: 'isolation',
      target: server.origin,
      options: { rps: 5, duration: 60 },
      signal: abort.signal,
      onProgress: () => abort.abort(reason),
    });
    await expect(run).rejects.toBe(reason);
    expect(await childrenNamed('k6', process.pid)).toEqual([]);
  });
});
