import { describe, expect, it } from 'vitest';
import { CATALOGUE, metricsMarkdown } from '../src/index.ts';
import type { MetricDefinition } from '../src/index.ts';
import { createInstruments } from '../src/instruments.ts';
import { createRegistry, parseExposition } from './support.ts';

const metrics = Object.entries<MetricDefinition>(CATALOGUE);

describe('the metric catalogue', () => {
  it.each(metrics)('has %s in the ways of Prometheus', (_key, metric) => {
    const { name, kind, unit, labels, help, buckets } = metric;
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith('_total')).toBe(kind === 'counter');
    const base = name.replace(/_total$/, '');
    if (['seconds', 'bytes', 'ratio'].includes(unit)) expect(base.endsWith(`_${unit}`)).toBe(true);
    expect(help).toMatch(/^[A-Z0-9].*\.$/);
    expect(new Set(labels).size).toBe(labels.length);
    for (const label of labels) expect(label).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(labels).not.toContain('le');
    expect(buckets !== undefined).toBe(kind === 'histogram');
    expect(buckets?.toSorted((left, right) => left - right)).toEqual(buckets);
  });

  it('has another name for each', () => {
    const names = metrics.map(([, { name }]) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('tells the service of everything that is not of the process or the build', () => {
    for (const [, { name, labels }] of metrics) {
      const own = /^(process|nodejs|trace)_|^build_info$/.test(name);
      expect([name, labels.includes('service')]).toEqual([name, !own]);
    }
  });

  it('is what a process with everything in use exposes, no more and no less', async () => {
    const registry = createRegistry({});
    const service = registry.service('user');
    registry.droppedSpans()(1, 'queue_full');
    service.http.observe({ method: 'GET', route: '/x', status: 200, durationSeconds: 0.1 });
    service.client.observe({ upstream: 'a', replica: 'b:1', status: 200, durationSeconds: 0.1 });
    service.cache.hit('x', 'memory');
    service.cache.error('get');
    service.messages.published('events', 'confirmed');
    service.messages.queueAge('queue', 1);
    service.messages.connected(true);
    service.messages.queues(() => ({ queue: { ready: 1, unacknowledged: 0 } }));
    service.gateway.retry('user', 'ECONNREFUSED');
    service.gateway.rateLimit('default', 'passed');
    service.gateway.reload('done');
    service.gateway.decision('/x', 'cache', 'hit')();
    service.gateway.streamOpened('/x', 'http');
    service.gateway.drift('user', 'getUser', 'body');
    service.gateway.deadlineBurn('/x')(0.5);
    service.gateway.bulkhead('x', () => ({ inFlight: 1, waiting: 0 }));
    service.gateway.refusal('user', 'in_flight');
    service.gateway.breakerTransition('user', 'open');
    service.gateway.ejection('user');
    service.gateway.mirrored('user', 'sent');
    const replicas = { known: 2, usable: 1, ejected: 0 };
    service.gateway.upstreams(() => [
      { upstream: 'user', ...replicas, inFlight: 3, limit: 9, breaker: 'open' },
    ]);
    service.pool('main', () => ({ used: 1, waiting: 0, limit: 10 }));
    service.outbox(() => Promise.resolve({ pending: 1, oldestSeconds: 2, dead: 0 }));
    service.jobs('report', () => Promise.resolve({ queued: 1 }));
    const { samples, types } = parseExposition((await registry.expose()).body);
    expect(Object.fromEntries([...types].sort())).toEqual(
      Object.fromEntries(metrics.map(([, { name, kind }]) => [name, kind] as const).sort()),
    );
    const measured = new Set(samples.map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')));
    expect([...measured].sort()).toEqual(metrics.map(([, { name }]) => name).sort());
    const byName = new Map(metrics.map(([, metric]) => [metric.name, metric]));
    for (const { name, labels } of samples) {
      const metric = byName.get(name.replace(/_(bucket|sum|count)$/, '')) as MetricDefinition;
      const expected = name.endsWith('_bucket') ? ['le', ...metric.labels] : metric.labels;
      expect([name, Object.keys(labels).sort()]).toEqual([name, [...expected].sort()]);
    }
  });

  it('is made into instruments once each', () => {
    const instruments = createInstruments();
    expect(instruments.counter('cacheHits')).toBe(instruments.counter('cacheHits'));
  });

  it('is printed whole', () => {
    const lines = metricsMarkdown().trimEnd().split('\n');
    expect(lines).toHaveLength(2 + metrics.length);
    for (const line of lines) expect(line.match(/\|/g)).toHaveLength(6);
    expect(lines).toContain(
      '| `cache_misses_total` | counter | reads | `service`, `namespace` | Reads that no level could answer. |',
    );
  });
});
