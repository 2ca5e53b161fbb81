/**
 * The compose stack, started for real: what a newcomer gets from `docker compose up`, scaled, loaded
 * and broken. One stack serves all tests of this file; they run in order.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { askDashboards, askRules, createPrometheus, prometheusRules } from '@woodytoys/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  applications,
  containerState,
  createStack,
  docker,
  imageAvailable,
  missingEngine,
  removeLeftovers,
} from '../src/compose.ts';
import { startLoad } from '../src/load.ts';
import { createMix } from '../src/mix.ts';
import { query } from '../src/prometheus.ts';
import { measureTotals } from '../src/totals.ts';
import { drillAlerts } from './support/alert-drills.ts';
import { describeEntry } from './support/entry-suite.ts';
import { loadWithK6 } from './support/k6.ts';
import { describeNginx, limitedNginx } from './support/nginx-suite.ts';
import { failed, settled } from './support/settle.ts';
import { touchEverything } from './support/traffic.ts';

const missing = await missingEngine();
const grafanaImage = 'grafana/grafana:12.2.0';
const without = missing || (await imageAvailable(grafanaImage)) ? [] : ['grafana'];

const root = fileURLToPath(new URL('../../', import.meta.url));
const dataProgram = fileURLToPath(new URL('../src/data.ts', import.meta.url));
const project = `woodytoys-test-${process.pid}`;
const stack = createStack({
  project,
  ports: { entry: 18080, prometheus: 19090, rabbitmq: 25672 },
  environment: {
    RATE_LIMIT: '10000000',
    NGINX_RATE_LIMIT: '10000000',
    GRAFANA_PORT: '13000',
  },
  without,
});

const twice = {
  logistics: 2,
  product: 2,
  user: 2,
  order: 2,
  gateway: 2,
  'logistics-worker': 2,
  'order-worker': 2,
};

const get = (path: string) =>
  fetch(`${stack.entry}${path}`, { signal: AbortSignal.timeout(30_000) });
const post = (path: string, body: unknown) =>
  fetch(`${stack.entry}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });

/** Requests served so far by each replica of a service. */
async function served(service: string): Promise<Map<string, number>> {
  const samples = await query(
    stack.prometheus,
    `sum by (instance) (http_server_request_duration_seconds_count{job="${service}"})`,
  );
  return new Map(samples.map(({ labels, value }) => [labels.instance ?? '', value]));
}

const title = missing ? `compose stack (skipped: ${missing})` : 'compose stack';

describe.skipIf(missing)(title, { timeout: 300_000 }, () => {
  beforeAll(async () => {
    await removeLeftovers('woodytoys-test');
    await stack.build();
    await stack.up();
  }, 900_000);

  afterAll(async () => {
    await stack.down();
  }, 120_000);

  it('takes a report job through RabbitMQ to the worker', async () => {
    const accepted = await post('/api/reports', {});
    expect(accepted.status).toBe(202);
    const location = accepted.headers.get('location') ?? '';
    expect(location).toMatch(/^\/api\/reports\/[0-9a-f-]{36}$/);

    let report = { status: '', progress: 0, result: undefined as unknown };
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(100)) {
      report = (await (await get(location)).json()) as typeof report;
      if (report.status === 'done' || report.status === 'failed') break;
    }
    expect(report).toMatchObject({ status: 'done', progress: 1 });
    const csv = await get(`${location}.csv`);
    expect(csv.headers.get('content-type')).toContain('text/csv');
    expect((await csv.text()).split('\n').length).toBeGreaterThan(20);
  });

  it('sends report events as they come through nginx', async () => {
    const accepted = await post('/api/reports', {});
    const response = await get(`${accepted.headers.get('location')}/events`);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const text = await response.text();
    expect(text).toContain('event: done');
  });

  it('has timeouts that hold through PgBouncer, which drops those sent at the start', async () => {
    for (const service of ['user', 'product', 'logistics', 'order']) {
      const timeout = await stack.exec(
        'postgres',
        'bash',
        '-c',
        `read -r _ _ password < <(grep '^${service} ' /run/secrets/postgres/roles)
         psql "postgres://${service}_app:$password@pgbouncer:6432/${service}" -Atc 'SHOW statement_timeout'`,
      );
      expect(timeout).toBe('10s');
    }
  });

  it('gives the role of a service rows and nothing else', async () => {
    const attempt = stack.exec(
      'postgres',
      'bash',
      '-c',
      `read -r _ _ password < <(grep '^user ' /run/secrets/postgres/roles)
       psql "postgres://user_app:$password@pgbouncer:6432/user" -v ON_ERROR_STOP=1 -c 'CREATE TABLE t (id int)'`,
    );
    await expect(attempt).rejects.toThrow(/permission denied/);
  });

  it('shows each process to Prometheus as a target of its own', async () => {
    const servers = ['rabbitmq', 'rabbitmq-queues', 'postgres', 'redis', 'nginx'];
    const expected = [...(await applications()), ...servers];
    for (const deadline = Date.now() + 30_000; ; await sleep(1_000)) {
      const up = await query(stack.prometheus, 'up == 1');
      const jobs = new Set(up.map(({ labels }) => labels.job));
      const absent = expected.filter((job) => !jobs.has(job));
      if (absent.length === 0) break;
      if (Date.now() > deadline) expect(absent).toEqual([]);
    }
  });

  it('shows itself on the live page as Prometheus sees it, each second through nginx', async () => {
    const page = await get('/console/');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('/console/assets/');
    const stream = await get('/console/api/stream');
    const decoder = new TextDecoder();
    let text = '';
    let seen: { source: object; services: { name: string; replicas: object[] }[] } | undefined;
    for await (const chunk of stream.body as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      const snapshots = [...text.matchAll(/^event: snapshot\ndata: (.*)\n\n/gm)];
      // Two have come one by one: nothing on the way holds them back.
      if (snapshots.length < 2) continue;
      seen = JSON.parse(snapshots.at(-1)?.[1] ?? '') as typeof seen;
      if (seen?.services.length === 8) break;
    }
    expect(text).toMatch(/^event: history$/m);
    expect(seen?.source).toMatchObject({ kind: 'prometheus', answers: true });
    for (const { replicas } of seen?.services ?? []) {
      expect(replicas).toMatchObject([{ up: true, memory: expect.any(Number) as number }]);
    }
    expect(text).toContain('"logistics.reports"');
  });

  it('scales live under load: no request fails and each replica gets its share', async () => {
    await stack.up({ logistics: 1, product: 1, user: 1, gateway: 1 });
    await settled(stack.entry);
    const load = startLoad({
      origin: stack.entry,
      requestsPerSecond: 200,
      next: createMix(`scale_${Date.now().toString(36)}`),
    });
    await sleep(3_000);
    await stack.up({ logistics: 4, product: 3, user: 2, gateway: 2 });
    // Prometheus has found and read every replica once.
    await sleep(11_000);
    const services = { logistics: 4, product: 3, user: 2, gateway: 2 };
    const before = new Map<string, Map<string, number>>();
    for (const service of Object.keys(services)) before.set(service, await served(service));
    await sleep(25_000);
    const shares: Record<string, number[]> = {};
    for (const [service, replicas] of Object.entries(services)) {
      const now = await served(service);
      const counts = [...now].map(([instance, count]) => {
        return count - (before.get(service)?.get(instance) ?? 0);
      });
      const total = counts.reduce((sum, count) => sum + count, 0);
      shares[service] = counts.map((count) => (count / total) * replicas);
      expect(counts, service).toHaveLength(replicas);
    }
    const result = await load.stop();
    expect(failed(result)).toEqual([]);
    for (const [service, values] of Object.entries(shares)) {
      for (const share of values) expect(share, `${service}: ${values}`).toBeGreaterThan(0.5);
    }
  });

  describe('nginx as the entry', () => {
    describeNginx(stack);
    describeEntry(stack, {
      service: 'nginx',
      limited: (port) => limitedNginx(stack, port),
      unreadableIsProblem: true,
      longAddress: 414,
    });
  });

  it('lets the exporters reach their servers, as roles that see no data', async () => {
    const servers = ['pg_up', 'redis_up', 'nginx_up'];
    const reached = async () =>
      (await query(stack.prometheus, `{__name__=~"${servers.join('|')}"} == 1`)).map(
        ({ labels }) => labels['__name__'],
      );
    await expect
      .poll(async () => (await reached()).toSorted(), { timeout: 60_000, interval: 1_000 })
      .toEqual(servers.toSorted());
    const peek = stack.exec(
      'postgres',
      'bash',
      '-c',
      `psql "postgres://monitoring:$(cat /run/secrets/postgres/monitoring)@127.0.0.1:5432/user" -c 'SELECT 1'`,
    );
    await expect(peek).rejects.toThrow(/permission denied/);
    const keys = stack.exec(
      'redis',
      'sh',
      '-c',
      `REDISCLI_AUTH=$(sed -n 's/^user monitoring on >\\([^ ]*\\).*/\\1/p' /run/secrets/redis/users.acl) redis-cli --user monitoring keys '*'`,
    );
    expect(await keys).toContain('NOPERM');
  });

  it('adds replicas up as the load tool counts, scaled to four, at a steady rate', async () => {
    await stack.up({ logistics: 4, product: 3, user: 2, gateway: 2 });
    const { services } = await measureTotals({
      entry: stack.entry,
      prometheus: stack.prometheus,
      requestsPerSecond: 50,
      seconds: 60,
    });
    expect(services.find(({ service }) => service === 'logistics')?.replicas).toBe(4);
    for (const { service, counted, seen, fell } of services) {
      expect(Math.abs(seen / counted - 1), `${service}: ${seen} of ${counted}`).toBeLessThan(0.02);
      expect(fell, service).toBe(false);
    }
  });

  it.each(['user', 'product', 'logistics', 'logistics-worker'])(
    'loses no request when one of two replicas of %s gets SIGTERM, which exits with 0',
    async (service) => {
      await stack.up(twice);
      await settled(stack.entry);
      const load = startLoad({
        origin: stack.entry,
        requestsPerSecond: 150,
        next: createMix(`drain_${Date.now().toString(36)}`),
      });
      await sleep(2_000);
      const [replica = ''] = await stack.containers(service);
      await docker('stop', '--time', '30', replica);
      const state = await containerState(replica);
      await sleep(2_000);
      const result = await load.stop();
      expect(failed(result)).toEqual([]);
      expect(state).toMatchObject({ Status: 'exited', ExitCode: 0, OOMKilled: false });
    },
  );

  it('keeps the series of the whole stack within their budget, every service at two replicas', async () => {
    await stack.up(twice);
    await settled(stack.entry);
    // A scrape after the traffic, and the series of replicas that ended are marked as gone.
    await sleep(12_000);
    const counted = await query(
      stack.prometheus,
      'count by (job) ({__name__!="",job!="prometheus"})',
    );
    const series = Object.fromEntries(
      counted.map(({ labels, value }) => [labels['job'] ?? 'recorded', value]),
    );
    const total = Object.values(series).reduce((sum, value) => sum + value, 0);
    // What one process shows does not grow with traffic: labels have no ids in them.
    expect(total, JSON.stringify(series)).toBeLessThanOrEqual(12_000);
    expect(total, JSON.stringify(series)).toBeGreaterThan(3_000);
  });

  describe('alerts under drill', () => drillAlerts(stack, twice));

  it('finishes a report whose worker is killed', async () => {
    await stack.up({ 'logistics-worker': 2 });
    const locations: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      const accepted = await post('/api/reports', {});
      expect(accepted.status).toBe(202);
      locations.push(accepted.headers.get('location') ?? '');
    }
    const [worker = ''] = await stack.containers('logistics-worker');
    await docker('kill', '--signal', 'KILL', worker);
    for (const location of locations) {
      let status = '';
      for (const deadline = Date.now() + 90_000; Date.now() < deadline; await sleep(200)) {
        ({ status } = (await (await get(location)).json()) as { status: string });
        if (status === 'done' || status === 'failed') break;
      }
      expect(status).toBe('done');
    }
  });

  it('backs its data up and puts it back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'woodytoys-backup-'));
    const file = join(folder, 'data.tar');
    const data = (...args: string[]) =>
      promisify(execFile)(process.execPath, [dataProgram, ...args], {
        env: { ...process.env, COMPOSE_PROJECT_NAME: project },
      });
    const register = async (name: string) => {
      const response = await post('/api/users', { username: name, email: `${name}@example.com` });
      expect(response.status).toBe(201);
      return ((await response.json()) as { id: number }).id;
    };
    try {
      const before = await register('before_backup');
      await data('backup', file);
      await expect(data('backup', file)).rejects.toThrow(/exists/);
      const after = await register('after_backup');
      await writeFile(join(folder, 'broken.tar'), 'no tar at all');
      await expect(data('restore', join(folder, 'broken.tar'))).rejects.toThrow(/not a backup/);
      expect((await get(`/api/users/${after}`)).status).toBe(200);
      await data('restore', file);
      expect((await get(`/api/users/${before}`)).status).toBe(200);
      expect((await get(`/api/users/${after}`)).status).toBe(404);
      expect(await register('after_restore')).toBe(after);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('keeps a service at ten replicas under max_connections with 500 clients at once', async () => {
    await stack.up({ logistics: 10 });
    const end = Date.now() + 15_000;
    const failures: string[] = [];
    const next = createMix(`crowd_${Date.now().toString(36)}`);
    let n = 0;
    await Promise.all(
      Array.from({ length: 500 }, async () => {
        while (Date.now() < end) {
          const { method, path, body } = next(n++);
          const response = await fetch(`${stack.entry}${path}`, {
            method,
            ...(body === undefined
              ? {}
              : {
                  body: JSON.stringify(body),
                  headers: { 'content-type': 'application/json' },
                }),
          });
          const text = await response.text();
          if (response.status >= 500) failures.push(`${method} ${path}: ${text}`);
        }
      }),
    );
    expect(failures).toEqual([]);
    expect(await stack.logs('postgres')).not.toContain('too many clients');
  });

  it('has data for every expression of the dashboards, rules and alerts after traffic', async () => {
    const now = () => Math.floor(Date.now() / 1000);
    const from = now();
    const loaded = await loadWithK6(stack);
    await touchEverything(stack);
    const range = { from, to: now() };
    const prometheus = createPrometheus(stack.prometheus);
    const dashboards = await askDashboards(prometheus, range, loaded ? ['loadTool'] : []);
    const rules = await askRules(prometheus, prometheusRules(root), range);
    const told = ({ asked, answered }: typeof rules) => `${answered} of ${asked} have data`;
    console.log(`dashboards: ${told(dashboards)}; rules and alerts: ${told(rules)}`);
    expect(dashboards.findings).toEqual([]);
    expect(rules.findings).toEqual([]);
    expect(dashboards.asked).toBeGreaterThan(150);
  }, 600_000);
});
