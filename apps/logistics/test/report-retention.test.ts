import { createMemoryWorld, startMain } from '@woodytoys/app-testing';
import type { World } from '@woodytoys/app-testing';
import {
  createTestLogger,
  createTestVirtualHost,
  describeWithRabbit,
  describeWithRedis,
  redisUrl,
  waitFor,
} from '@woodytoys/testing';
import type { TestLogger } from '@woodytoys/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { removeOldReports, takeReportJob } from '../src/report-job-repository.ts';
import { createLogisticsWorker } from '../src/worker-app.ts';
import type { WorkerOptions } from '../src/worker-app.ts';
import { startLogisticsService } from './start.ts';
import type { LogisticsService } from './start.ts';

let world: World;
let service: LogisticsService;
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  world = createMemoryWorld();
  service = await startLogisticsService(world, 0.05);
});
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});
afterAll(() => service?.close());
beforeEach(() => service.database.query('TRUNCATE reports CASCADE'));

async function startWorker(options?: WorkerOptions): Promise<TestLogger> {
  const log = createTestLogger();
  const { database } = service;
  const worker = createLogisticsWorker({ ...(await world.connect('x')), database, log }, options);
  stops.push(() => worker.stop());
  await worker.start();
  return log;
}

/** Reports of this status, of which all but those that go on ended so many days ago. */
async function insertReports(status: string, days: number, count = 1): Promise<string[]> {
  const ids = Array.from({ length: count }, () => uuidv7());
  await service.database.query(
    `INSERT INTO reports (id, status, created_at, finished_at)
     SELECT id, $2, now() - $3 * interval '1 day',
       CASE WHEN $2 IN ('done', 'failed') THEN now() - $3 * interval '1 day' END
     FROM unnest($1::uuid[]) AS id`,
    [ids, status, days],
  );
  await service.database.query(
    `INSERT INTO report_steps (report_id, step, store_id, figures)
     SELECT id, step, step, '{}' FROM unnest($1::uuid[]) AS id, generate_series(1, 2) AS step`,
    [ids],
  );
  return ids;
}

async function reportsLeft(): Promise<string[]> {
  const rows = await service.database.query<{ id: string }>('SELECT id FROM reports');
  return rows.map(({ id }) => id).sort();
}

describe('the worker', () => {
  it('removes reports that ended 30 days ago with their shops, and no others', async () => {
    await insertReports('done', 31);
    await insertReports('failed', 31);
    const kept = [
      ...(await insertReports('done', 29)),
      ...(await insertReports('failed', 29)),
      ...(await insertReports('queued', 400)),
      ...(await insertReports('running', 400)),
    ];
    const log = await startWorker();
    await waitFor(() => log.lines.some(({ msg }) => msg === 'old rows removed'));
    expect(await reportsLeft()).toEqual(kept.sort());
    const steps = await service.database.query('SELECT DISTINCT report_id FROM report_steps');
    expect(steps).toHaveLength(kept.length);
  });

  it('keeps reports for as long as it is told to', async () => {
    await insertReports('done', 3);
    const kept = await insertReports('done', 1);
    await startWorker({ reportRetentionDays: 2 });
    await waitFor(async () => (await reportsLeft()).length === 1);
    expect(await reportsLeft()).toEqual(kept);
  });

  it('removes each once beside other workers', async () => {
    await insertReports('done', 31, 1_000);
    const logs = await Promise.all([1, 2, 3].map(() => startWorker()));
    await waitFor(async () => (await reportsLeft()).length === 0);
    await Promise.all(stops.splice(0).map((stop) => stop()));
    const lines = logs.flatMap((log) => log.lines).filter(({ what }) => what === 'reports');
    expect(lines.every(({ msg }) => msg === 'old rows removed')).toBe(true);
    expect(lines.reduce((sum, { count }) => sum + Number(count), 0)).toBe(1_000);
  });
});

it('a report that is taken again at the same time stays', async () => {
  const [taken = ''] = await insertReports('failed', 31);
  await insertReports('failed', 31);
  await service.database.transaction(async (transaction) => {
    await takeReportJob(transaction, taken);
    expect(await removeOldReports(service.database, 30)).toBe(1);
  });
  expect(await removeOldReports(service.database, 30)).toBe(0);
  expect(await reportsLeft()).toEqual([taken]);
});

it('reports go in small batches, found by an index', async () => {
  await insertReports('done', 31, 150);
  expect(await removeOldReports(service.database, 30)).toBe(100);
  expect(await removeOldReports(service.database, 30)).toBe(50);
  await service.database.transaction(async (transaction) => {
    await transaction.query('SET LOCAL enable_seqscan = off');
    const plan = await transaction.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT id FROM reports WHERE finished_at < now() ORDER BY finished_at LIMIT 100`,
    );
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('reports_by_end');
  });
});

describeWithRedis('the process of a worker', () => {
  describeWithRabbit('over RabbitMQ', () => {
    it('keeps reports for as long as its environment says', async () => {
      await insertReports('done', 3);
      const kept = await insertReports('done', 1);
      const virtualHost = await createTestVirtualHost();
      const started = startMain(new URL('../src/worker.ts', import.meta.url), {
        DATABASE_URL: service.databaseUrl,
        REDIS_URL: redisUrl(),
        AMQP_URL: virtualHost.url,
        SEED_SCALE: '0.05',
        REPORT_RETENTION_DAYS: '2',
      });
      try {
        await waitFor(async () => (await reportsLeft()).length === 1, 60_000);
        expect(await reportsLeft()).toEqual(kept);
      } finally {
        started.kill('SIGTERM');
        expect(await started.exited).toBe(0);
        await virtualHost.drop();
      }
    }, 90_000);
  });
});
