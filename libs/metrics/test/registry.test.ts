import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createRegistry, parseExposition, read } from './support.ts';

const pool = (used: number) => () => ({ used, waiting: 0, limit: 10 });

describe('a registry', () => {
  it('exposes the Prometheus text format and says so', async () => {
    const { contentType, body } = await createRegistry().expose();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(() => parseExposition(body)).not.toThrow();
    expect(body.endsWith('\n')).toBe(true);
  });

  it('tells its build', async () => {
    const registry = createRegistry({ version: '1.2.3', revision: 'abc', defaultMetrics: false });
    expect(await read(registry, 'build_info')).toEqual([
      `version=1.2.3 revision=abc node=${process.version} 1`,
    ]);
  });

  it('has one set of instruments a service, however often it is asked', async () => {
    const registry = createRegistry();
    expect(registry.service('user')).toBe(registry.service('user'));
    expect(registry.service('user')).not.toBe(registry.service('product'));
  });

  it('is apart from every other', async () => {
    const one = createRegistry();
    const other = createRegistry();
    one.service('user').cache.miss('x');
    expect(await read(other, 'cache_misses_total')).toEqual([]);
  });

  it('exposes nothing of its process unless wanted', async () => {
    const { body } = await createRegistry({ defaultMetrics: false }).expose();
    expect(body).not.toMatch(/^(process|nodejs)_/m);
  });
});

describe('state that is read at a scrape', () => {
  it('is that of the moment', async () => {
    const registry = createRegistry();
    let used = 1;
    registry.service('user').pool('main', () => ({ used, waiting: 2, limit: 10 }));
    expect(await read(registry, 'db_pool_used')).toEqual(['service=user pool=main 1']);
    used = 7;
    expect(await read(registry, 'db_pool_used')).toEqual(['service=user pool=main 7']);
    expect(await read(registry, 'db_pool_waiting')).toEqual(['service=user pool=main 2']);
    expect(await read(registry, 'db_pool_limit')).toEqual(['service=user pool=main 10']);
  });

  it('of pools of one name is kept apart by service, and added up within one', async () => {
    const registry = createRegistry();
    registry.service('user').pool('main', pool(1));
    registry.service('product').pool('main', pool(2));
    registry.service('product').pool('main', pool(3));
    expect(await read(registry, 'db_pool_used')).toEqual([
      'service=user pool=main 1',
      'service=product pool=main 5',
    ]);
    expect(await read(registry, 'db_pool_limit')).toContain('service=product pool=main 20');
  });

  it('is gone once removed', async () => {
    const registry = createRegistry();
    const remove = registry.service('user').pool('main', pool(1));
    registry.service('product').pool('main', pool(2));
    await registry.expose();
    remove();
    expect(await read(registry, 'db_pool_used')).toEqual(['service=product pool=main 2']);
  });

  it('of an outbox and of jobs comes from a question', async () => {
    const registry = createRegistry();
    const service = registry.service('logistics');
    service.outbox(() => Promise.resolve({ pending: 3, oldestSeconds: 1.5, dead: 1 }));
    let jobs: Record<string, number> = { queued: 2, running: 1 };
    service.jobs('report', () => Promise.resolve(jobs));
    expect(await read(registry, 'outbox_pending')).toEqual(['service=logistics 3']);
    expect(await read(registry, 'outbox_oldest_seconds')).toEqual(['service=logistics 1.5']);
    expect(await read(registry, 'outbox_dead')).toEqual(['service=logistics 1']);
    expect(await read(registry, 'jobs')).toEqual([
      'service=logistics kind=report state=queued 2',
      'service=logistics kind=report state=running 1',
    ]);
    jobs = { done: 3 };
    expect(await read(registry, 'jobs')).toEqual(['service=logistics kind=report state=done 3']);
  });

  it('that cannot be read is left out and counted, and the scrape goes on', async () => {
    const registry = createRegistry();
    const service = registry.service('logistics');
    let broken = true;
    service.outbox(() =>
      broken
        ? Promise.reject(new Error('no database'))
        : Promise.resolve({ pending: 0, oldestSeconds: 0, dead: 0 }),
    );
    service.pool('main', pool(4));
    expect(await read(registry, 'outbox_pending')).toEqual([]);
    expect(await read(registry, 'db_pool_used')).toEqual(['service=logistics pool=main 4']);
    expect(await read(registry, 'metrics_read_errors_total')).toEqual([
      'service=logistics source=outbox 3',
      'service=logistics source=pool main 0',
    ]);
    broken = false;
    expect(await read(registry, 'outbox_pending')).toEqual(['service=logistics 0']);
  });

  it('that does not answer is left out after a while', async () => {
    const registry = createRegistry();
    registry.service('logistics').outbox(() => new Promise(() => {}));
    expect(await read(registry, 'outbox_pending')).toEqual([]);
    const errors = await read(registry, 'metrics_read_errors_total');
    expect(errors).toEqual(['service=logistics source=outbox 2']);
  });

  it('is read once for scrapes at once, and is whole in each', async () => {
    const registry = createRegistry();
    let reads = 0;
    registry.service('logistics').outbox(async () => {
      reads += 1;
      await sleep(20);
      return { pending: 3, oldestSeconds: 0, dead: 0 };
    });
    const bodies = await Promise.all(
      Array.from({ length: 5 }, async () => (await registry.expose()).body),
    );
    expect(reads).toBe(1);
    for (const body of bodies) expect(body).toContain('outbox_pending{service="logistics"} 3');
    await registry.expose();
    expect(reads).toBe(2);
  });
});

describe('the metrics of the process', () => {
  const valueOf = async (registry: ReturnType<typeof createRegistry>, name: string) =>
    Number((await read(registry, name))[0]?.split(' ').at(-1));

  it('tell its memory, its start and its limit', async () => {
    const registry = createRegistry({});
    const limit = await valueOf(registry, 'nodejs_heap_limit_bytes');
    const used = await valueOf(registry, 'nodejs_heap_used_bytes');
    expect(used).toBeGreaterThan(1e6);
    expect(used).toBeLessThan(limit);
    expect(await valueOf(registry, 'process_resident_memory_bytes')).toBeGreaterThan(used);
    const startedAt = await valueOf(registry, 'process_start_time_seconds');
    expect(Math.abs(startedAt - (Date.now() / 1000 - process.uptime()))).toBeLessThan(5);
  });

  it('tell a busy event loop from an idle one', async () => {
    const registry = createRegistry({});
    await registry.expose();
    await sleep(300);
    const idle = await registry.expose();
    // The first sample after a scrape only sets the clock.
    await sleep(60);
    const end = Date.now() + 300;
    while (Date.now() < end);
    await sleep(30);
    const busy = await registry.expose();
    const pick = (body: string, name: string, quantile?: string) =>
      parseExposition(body).samples.find(
        (sample) => sample.name === name && sample.labels['quantile'] === quantile,
      )?.value as number;
    const name = 'nodejs_eventloop_utilization_ratio';
    expect(pick(busy.body, name)).toBeGreaterThan(0.5);
    expect(pick(idle.body, name)).toBeLessThan(pick(busy.body, name));
    expect(pick(busy.body, 'nodejs_eventloop_delay_seconds', '1')).toBeGreaterThan(0.2);
    expect(pick(busy.body, 'nodejs_eventloop_delay_seconds', '1')).toBeLessThan(5);
  });

  it('count processor time and garbage collection, and never go back', async () => {
    const registry = createRegistry({});
    const before = await valueOf(registry, 'process_cpu_seconds_total');
    const start = process.cpuUsage();
    let garbage: number[][] = [];
    while (process.cpuUsage(start).user < 200_000) {
      garbage.push(Array.from({ length: 10_000 }, (_, index) => index));
      if (garbage.length > 100) garbage = [];
    }
    await sleep(50);
    expect(await valueOf(registry, 'process_cpu_seconds_total')).toBeGreaterThan(before + 0.15);
    const { body } = await registry.expose();
    const minor = parseExposition(body).samples.find(
      ({ name, labels }) =>
        name === 'nodejs_gc_duration_seconds_total' && labels['kind'] === 'minor',
    );
    expect(minor?.value).toBeGreaterThan(0);
  });
});
