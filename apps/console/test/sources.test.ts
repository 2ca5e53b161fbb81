/** What holds for every source of numbers, over the real thing: a registry, and a Prometheus that scrapes it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createMetricsRegistry } from '@woodytoys/metrics';
import type { MetricsRegistry } from '@woodytoys/metrics';
import { createPrivateServer } from '@woodytoys/service';
import { waitFor } from '@woodytoys/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttpClient } from '../src/http-client.ts';
import { partsOf } from '../src/platform.ts';
import { createProcessesSource } from '../src/sources/processes.ts';
import { createPrometheusSource } from '../src/sources/prometheus.ts';
import type { MetricsSource, Reading } from '../src/sources/source.ts';
import { prometheusMissing, startPrometheus } from './support/prometheus.ts';

const missing = await prometheusMissing();
const parts = partsOf(['payment']);

interface Opened {
  readonly source: MetricsSource;
  /** Takes away what it reads from. */
  breakOff(): Promise<void>;
}

async function openProcesses(registry: MetricsRegistry): Promise<Opened> {
  let gone = false;
  const source = createProcessesSource({
    expose: async () => {
      if (gone) throw new Error('the registry does not answer');
      return (await registry.expose()).body;
    },
    parts: () => parts,
  });
  return { source, breakOff: async () => void (gone = true) };
}

async function openPrometheus(registry: MetricsRegistry): Promise<Opened> {
  const server = await createPrivateServer({
    port: 0,
    host: '127.0.0.1',
    registry,
    ready: async () => {},
  });
  onTestFinished(() => server.close());
  const prometheus = await startPrometheus('user', `127.0.0.1:${server.port}`);
  const client = createHttpClient({ timeoutMs: 5_000 });
  onTestFinished(() => client.close());
  const source = createPrometheusSource({ url: prometheus.url, client, windowSeconds: 5 });
  return { source, breakOff: prometheus.stop };
}

/** A process with work of every kind, until the test has ended; counts what it has answered. */
function startWork(): { readonly registry: MetricsRegistry; rate(): number } {
  const registry = createMetricsRegistry();
  const user = registry.service('user');
  const worker = registry.service('logistics-worker');
  user.http.start();
  user.http.start()();
  user.pool('main', () => ({ used: 3, waiting: 0, limit: 10 }));
  registry.service('logistics').jobs('report', async () => ({ queued: 2, done: 40 }));
  const observe = (route: string, status: number, durationSeconds: number) =>
    user.http.observe({ method: 'GET', route, status, durationSeconds });
  const ticks: number[] = [];
  const timer = setInterval(() => {
    ticks.push(performance.now());
    for (let one = 0; one < 9; one += 1) observe('/users/{id}', 200, 0.02);
    observe('/users', 503, 0.4);
    // A stream that ends after minutes is no slow request.
    observe('/reports/{id}/events', 200, 300);
    worker.messages.consumed('logistics.reports', 'acknowledged', 2);
    worker.messages.consumed('another.queue', 'acknowledged', 2);
  }, 100);
  onTestFinished(() => {
    clearInterval(timer);
    registry.close();
  });
  return {
    registry,
    rate() {
      const since = ticks.at(-51) ?? (ticks[0] as number);
      const count = ticks.filter((time) => time > since).length;
      return (count * 10) / ((performance.now() - since) / 1000);
    },
  };
}

const serviceOf = ({ services }: Reading, service: string) =>
  services.find(({ name }) => name === service);

function describeSource(
  title: string,
  reason: string | undefined,
  open: (registry: MetricsRegistry) => Promise<Opened>,
): void {
  const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;
  describe.skipIf(reason !== undefined)(`${title}${skipped}`, { timeout: 120_000 }, () => {
    it('tells the signals of each service, its replicas, jobs, and the last minutes', async () => {
      const { registry, rate } = startWork();
      const { source } = await open(registry);
      source.start();
      onTestFinished(() => source.close());
      await sleep(5_000);
      // Once its window is full of work; on a busy machine scrapes are late, and rates jump.
      const reading = await waitFor(async () => {
        const now = await source.read(parts);
        const share = (serviceOf(now, 'user')?.signals.rps ?? 0) / rate();
        return share > 0.7 && share < 1.4 ? now : undefined;
      }, 60_000);
      const expected = rate();
      const user = serviceOf(reading, 'user');
      const signals = user?.signals;
      expect(signals?.errorRatio).toBeCloseTo(0.1, 2);
      // 0.02 s and 0.4 s, by the bounds of their buckets.
      expect(signals?.p50).toBeGreaterThan(0.01);
      expect(signals?.p50).toBeLessThanOrEqual(0.025);
      expect(signals?.p99).toBeGreaterThan(0.25);
      expect(signals?.p99).toBeLessThanOrEqual(0.5);
      expect(signals?.inFlight).toBe(1);
      expect(signals?.saturation.pool).toBeCloseTo(0.3);
      expect(signals?.saturation.eventLoop).toBeGreaterThan(0);
      expect(user?.replicas).toHaveLength(1);
      const [replica] = user?.replicas ?? [];
      expect(replica?.up).toBe(true);
      expect(replica?.rps).toBeCloseTo(signals?.rps ?? 0, 5);
      expect(replica?.memory).toBeGreaterThan(20e6);
      expect(replica?.cpu).toBeGreaterThan(0);
      expect(Math.abs((replica?.since ?? 0) - performance.timeOrigin)).toBeLessThan(2_000);

      // Of its own queues alone, and 2 s by their bounds.
      const worker = serviceOf(reading, 'logistics-worker')?.signals;
      expect(worker?.rps).toBeGreaterThan(expected / 20);
      expect(worker?.rps).toBeLessThan(expected / 6);
      expect(worker?.p50).toBeGreaterThan(1);
      expect(worker?.p50).toBeLessThanOrEqual(2.5);
      expect(worker?.errorRatio).toBe(0);

      expect(reading.jobCounts).toContainEqual({ kind: 'report', state: 'queued', count: 2 });
      expect(reading.jobCounts).toContainEqual({ kind: 'report', state: 'done', count: 40 });
      // Nobody has seen it yet.
      expect(serviceOf(reading, 'payment')).toBeUndefined();

      const history = await waitFor(async () => {
        const known = await source.history(parts);
        return known.times.length >= 2 ? known : undefined;
      }, 30_000);
      const past = history.services.find(({ name }) => name === 'user');
      for (const values of Object.values(past ?? {})) {
        if (Array.isArray(values)) expect(values).toHaveLength(history.times.length);
      }
      expect(past?.rps.at(-1)).toBeGreaterThan(expected / 2);
      expect(history.times).toEqual(history.times.toSorted((a, b) => a - b));
      expect(Date.now() - (history.times.at(-1) ?? 0)).toBeLessThan(15_000);
    });

    it('says who does not answer, once what it reads from is gone', async () => {
      const { registry } = startWork();
      const { source, breakOff } = await open(registry);
      onTestFinished(() => source.close());
      await source.read(parts);
      await breakOff();
      // Two readings at once may be one.
      await sleep(600);
      await expect(source.read(parts)).rejects.toThrow(/does not answer/);
    });
  });
}

describeSource('the metrics of the processes', undefined, openProcesses);
describeSource('the metrics in Prometheus', missing, openPrometheus);
