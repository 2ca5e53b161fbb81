import { createMemoryWorld, describeInBothWorlds } from '@woodytoys/app-testing';
import type { Client, Replica } from '@woodytoys/app-testing';
import { waitFor } from '@woodytoys/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportsQueue } from '../src/topology.ts';
import {
  ended,
  follow,
  freezeAfter,
  holdStep,
  reportBySql,
  reportOf,
  requestReport,
} from './reports.ts';
import type { Report } from './reports.ts';
import { startLogisticsService } from './start.ts';
import type { LogisticsService, Worker } from './start.ts';

describeInBothWorlds('reports', (createWorld) => {
  let service: LogisticsService;
  let replica: Replica;
  let client: Client;
  let worker: Worker;

  beforeAll(async () => {
    service = await startLogisticsService(await createWorld(), 0.5, {
      reportRetryDelaysMs: [50, 100],
    });
    worker = await service.worker();
    replica = await service.replica();
    ({ client } = replica);
    await service.fillCatalogue();
  });
  afterAll(() => service?.close());

  const rowsOf = async (table: string) => {
    const [row] = await service.database.query<{ count: number }>(
      `SELECT count(*) AS count FROM ${table}`,
    );
    return row?.count;
  };

  /** Hands a job to the workers by hand; for those that the relay did not hand over. */
  const command = (reportId: string, id = uuidv7()) =>
    worker.messaging.publish({
      id,
      exchange: 'woodytoys.commands',
      routingKey: 'report.requested',
      body: { reportId },
      mandatory: true,
    });

  /** Without waiting: in process a publish takes as long as the job. */
  const handOver = (reportId: string) => void command(reportId).catch(() => undefined);

  async function queuedReport(): Promise<string> {
    const id = uuidv7();
    await service.database.query('INSERT INTO reports (id) VALUES ($1)', [id]);
    return id;
  }

  it('are queued at once and end with the figures that plain SQL gives', async () => {
    for (let productId = 1; productId < 30; productId += 1) {
      await client.post('/stores/2/sales', { productId, quantity: 3 });
    }
    const { body: queued } = await client.call<Report>('POST', '/reports', { json: {} });
    expect(queued).toMatchObject({
      status: 'queued',
      progress: 0,
      startedAt: null,
      finishedAt: null,
      failure: null,
      result: null,
    });
    const done = await ended(client, queued.id);
    expect(done).toMatchObject({ status: 'done', progress: 1, failure: null });
    expect(done.result).toEqual({
      generatedAt: done.createdAt,
      ...(await reportBySql(service)),
    });
    expect(done.result?.totals.sales).toBe(50_029);
    const times = [done.createdAt, done.startedAt, done.finishedAt];
    expect(times).toEqual(times.toSorted());
    // Once the job is done nothing is left to send.
    await waitFor(
      async () => (await rowsOf("outbox WHERE routing_key = 'report.requested'")) === 0,
    );
  });

  it('count the sales up to the request, not those made while the work goes on', async () => {
    const id = await queuedReport();
    const release = await holdStep(service, id, 3);
    handOver(id);
    await waitFor(async () => (await reportOf(client, id)).progress > 0);
    const before = await reportBySql(service);
    for (const store of [1, 10]) {
      await client.post(`/stores/${store}/sales`, { productId: 50, quantity: 1 });
    }
    await release();
    const { result } = await ended(client, id);
    expect(result?.totals.sales).toBe(before.totals.sales);
    expect(result?.totals.revenue).toBe(before.totals.revenue);
    expect(result?.bestSellers).toEqual(before.bestSellers);
  });

  it('show their progress shop by shop', async () => {
    const id = await queuedReport();
    const progressed = (shops: number) =>
      waitFor(async () => {
        const { status, progress } = await reportOf(client, id);
        return status === 'running' && progress === shops / 11;
      });
    const releaseFirst = await holdStep(service, id, 1);
    handOver(id);
    await progressed(0);
    const releaseFourth = await holdStep(service, id, 4);
    await releaseFirst();
    await progressed(3);
    const releaseLast = await holdStep(service, id, 10);
    await releaseFourth();
    await progressed(9);
    await releaseLast();
    expect(await ended(client, id)).toMatchObject({ status: 'done', progress: 1 });
  });

  it('belong to the worker that took them last, and the slower one changes nothing', async () => {
    const id = await queuedReport();
    const frozen = await freezeAfter(service, id, 4);
    handOver(id);
    await frozen.reached();
    // A second message of the same job, while the first worker is at its fifth shop.
    handOver(id);
    await waitFor(async () => (await rowsOf(`reports WHERE id = '${id}' AND fence = 2`)) === 1);
    await frozen.release();
    const { status, result } = await ended(client, id);
    expect(status).toBe('done');
    expect(result).toMatchObject(await reportBySql(service));
    await waitFor(() => worker.log.lines.some(({ msg }) => msg === 'Report taken over'));
    // Nobody stumbled over the other: there was no third attempt.
    expect(await rowsOf(`reports WHERE id = '${id}' AND fence = 2`)).toBe(1);
    const steps = await service.database.query<{ step: number; storeId: number }>(
      'SELECT step, store_id AS "storeId" FROM report_steps WHERE report_id = $1 ORDER BY step',
      [id],
    );
    expect(steps).toEqual(
      Array.from({ length: 10 }, (_, index) => ({ step: index + 1, storeId: index + 1 })),
    );
  });

  it('that are done stay as they are when their message comes again', async () => {
    const id = await requestReport(client);
    const done = await ended(client, id);
    await client.post('/stores/1/sales', { productId: 60, quantity: 1 });
    await command(id);
    await command(id);
    expect(await reportOf(client, id)).toEqual(done);
  });

  it('fail with a reason after the last attempt, and end after a redrive', async () => {
    const id = await queuedReport();
    const broken = '{"broken": true}';
    // The shop's row in the way of the worker, in a statement of the real work.
    await service.database.query(
      'INSERT INTO report_steps (report_id, step, store_id, figures) VALUES ($1, 3, 1000003, $2)',
      [id, broken],
    );
    await command(id).catch(() => undefined);
    const failed = await ended(client, id);
    expect(failed).toMatchObject({ status: 'failed', result: null });
    expect(failed.failure).toContain('could not be made in 3 attempts');
    expect(failed.finishedAt).not.toBeNull();
    const csv = await client.get<{ detail: string }>(`/reports/${id}.csv`);
    expect(csv).toMatchObject({ status: 409 });
    expect(csv.body.detail).toContain('failed');

    const dead = await waitFor(async () =>
      (await worker.messaging.deadLetters(reportsQueue, 100)).find(
        ({ body }) => (body as { reportId: string }).reportId === id,
      ),
    );
    expect(dead).toMatchObject({ attempts: 3, routingKey: 'report.requested' });
    expect(dead.reason).toContain('duplicate key');

    const stream = await follow(replica.port, id);
    await stream.end;
    expect(stream.events.at(-1)).toMatchObject({
      event: 'failed',
      data: { status: 'failed', failure: failed.failure },
    });

    await service.database.query('DELETE FROM report_steps WHERE report_id = $1 AND figures = $2', [
      id,
      broken,
    ]);
    expect(await worker.messaging.redrive(reportsQueue, 100)).toBeGreaterThan(0);
    const done = await waitFor(async () => {
      const report = await reportOf(client, id);
      return report.status === 'done' ? report : undefined;
    });
    expect(done).toMatchObject({ failure: null, progress: 1 });
    expect(done.result).toMatchObject(await reportBySql(service));
  });

  it('that do not exist, and messages without a report, are dead letters at once', async () => {
    const unknown = uuidv7();
    await command(unknown).catch(() => undefined);
    const junk = uuidv7();
    await worker.messaging
      .publish({
        id: junk,
        exchange: 'woodytoys.commands',
        routingKey: 'report.requested',
        body: { reportId: "'; DROP TABLE reports" },
      })
      .catch(() => undefined);
    const letters = await waitFor(async () => {
      const all = await worker.messaging.deadLetters(reportsQueue, 100);
      const ours = all.filter(
        ({ id, body }) => id === junk || (body as { reportId: string }).reportId === unknown,
      );
      return ours.length === 2 ? ours : undefined;
    });
    expect(letters.map(({ attempts }) => attempts)).toEqual([1, 1]);
  });

  it('are many at once, and all end', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => requestReport(client)));
    expect(new Set(ids).size).toBe(8);
    for (const id of ids) expect(await ended(client, id)).toMatchObject({ status: 'done' });
  });

  it('are given as a table once they are done', async () => {
    const waiting = await queuedReport();
    const early = await client.get<{ detail: string }>(`/reports/${waiting}.csv`);
    expect(early).toMatchObject({ status: 409 });
    expect(early.body.detail).toContain('is queued');

    await service.publish('product.updated', {
      id: 1,
      name: '=cmd|"/c calc"!A1, the "truck"',
      price: '19.99',
      description: '',
      category: 'games',
      version: 2,
      deleted: false,
    });
    await waitFor(async () => (await rowsOf('product_copies WHERE id = 1 AND version = 2')) === 1);
    const id = await requestReport(client);
    const { result } = await ended(client, id);
    const { status, headers, body } = await client.get<string>(`/reports/${id}.csv`);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    expect(headers['content-disposition']).toBe(`attachment; filename="report-${id}.csv"`);
    const lines = body.split('\r\n');
    expect(lines).toHaveLength(1 + 10 + 1 + 50 + 10 + 1);
    const totals = result?.totals;
    expect(lines).toContain(
      `total,,,,,,${totals?.sales},${totals?.unitsSold},${totals?.revenue.toFixed(2)},` +
        `${totals?.stockUnits},${totals?.stockValue.toFixed(2)}`,
    );
    expect(body).toContain(`"'=cmd|""/c calc""!A1, the ""truck"""`);
  });

  it('are counted by their state in the metrics', async () => {
    const [row] = await service.database.query<{ count: number }>(
      "SELECT count(*) AS count FROM reports WHERE status = 'done'",
    );
    const text = await replica.scrape();
    expect(text).toMatch(
      new RegExp(`jobs\\{[^}]*kind="report"[^}]*state="done"[^}]*\\} ${row?.count}\\b`),
    );
    expect(text).toMatch(/jobs\{[^}]*state="failed"[^}]*\} 0\b/);
  });
});

describe('a report that is asked for before the catalogue has come', () => {
  it('is tried again until the stock has prices', async () => {
    const service = await startLogisticsService(createMemoryWorld(), 0.1, {
      reportRetryDelaysMs: Array.from({ length: 200 }, () => 100),
    });
    try {
      await service.worker();
      const { client } = await service.replica();
      const id = await requestReport(client);
      await waitFor(async () => {
        const [row] = await service.database.query<{ fence: number }>('SELECT fence FROM reports');
        return (row?.fence ?? 0) > 2;
      });
      expect(await reportOf(client, id)).toMatchObject({ status: 'running', progress: 0 });
      await service.fillCatalogue();
      const { status, result } = await ended(client, id);
      expect(status).toBe('done');
      expect(result).toMatchObject(await reportBySql(service));
    } finally {
      await service.close();
    }
  });
});
