import { request } from 'node:http';
import type { Client } from '@woodytoys/app-testing';
import { waitFor } from '@woodytoys/testing';
import { expect } from 'vitest';
import type { components } from '../src/contract.ts';
import type { LogisticsService } from './start.ts';

type Schemas = components['schemas'];
export type Report = Schemas['Report'];
export type ReportResult = Schemas['ReportResult'];

/** Asks for a report; the id of the job. */
export async function requestReport(client: Client): Promise<string> {
  const { status, headers, body } = await client.call<Report>('POST', '/reports');
  expect(status).toBe(202);
  expect(headers['location']).toBe(`/api/reports/${body.id}`);
  return body.id;
}

export async function reportOf(client: Client, id: string): Promise<Report> {
  const { status, body } = await client.get<Report>(`/reports/${id}`);
  expect(status).toBe(200);
  return body;
}

/** The report once it is done or failed. */
export function ended(client: Client, id: string, timeoutMs = 30_000): Promise<Report> {
  return waitFor(async () => {
    const report = await reportOf(client, id);
    return report.status === 'done' || report.status === 'failed' ? report : undefined;
  }, timeoutMs);
}

/** A report by plain SQL over all rows of the moment, written apart from the service's. */
export async function reportBySql({
  database,
}: Pick<LogisticsService, 'database'>): Promise<Omit<ReportResult, 'generatedAt'>> {
  const amount = (expression: string) =>
    `round(coalesce(sum(${expression}), 0) / 100.0, 2)::float8`;
  const totals = async (where: string) => {
    const [sold] = await database.query(
      `SELECT count(*) AS sales, coalesce(sum(quantity), 0)::bigint AS "unitsSold",
         ${amount('quantity * unit_price_cents')} AS revenue FROM sales ${where}`,
    );
    const [held] = await database.query(
      `SELECT coalesce(sum(quantity), 0)::bigint AS "stockUnits",
         ${amount('quantity * price_cents')} AS "stockValue"
       FROM stock LEFT JOIN product_copies ON id = product_id ${where}`,
    );
    return { ...sold, ...held } as Schemas['Totals'];
  };
  const best = (where: string, limit: number) =>
    database.query<Schemas['BestSeller']>(
      `SELECT product_id AS "productId", min(name) AS "productName",
         sum(quantity)::bigint AS "unitsSold", ${amount('quantity * unit_price_cents')} AS revenue
       FROM sales LEFT JOIN product_copies ON product_copies.id = product_id ${where}
       GROUP BY product_id ORDER BY sum(quantity) DESC, product_id LIMIT ${limit}`,
    );
  const stores = await database.query<Schemas['Store']>(
    'SELECT id, name, city FROM stores ORDER BY id',
  );
  const shops = [];
  for (const store of stores) {
    const where = `WHERE store_id = ${store.id}`;
    shops.push({ store, totals: await totals(where), bestSellers: await best(where, 5) });
  }
  return { totals: await totals(''), bestSellers: await best('', 10), shops };
}

export interface StreamEvent {
  readonly id: number;
  readonly event: string;
  readonly data: Schemas['ReportEvent'];
}

export interface Stream {
  readonly status: number;
  readonly contentType: string | undefined;
  /** Those that have come so far. */
  readonly events: readonly StreamEvent[];
  /** Comments that have come so far. */
  comments(): number;
  /** Resolves when the server has ended the stream; rejects when it was cut. */
  readonly end: Promise<void>;
  /** Goes away without a word. */
  leave(): void;
}

/** Follows a report as an EventSource does. */
export function follow(port: number, id: string, lastEventId?: number): Promise<Stream> {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) };
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path: `/reports/${id}/events`,
      headers,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const events: StreamEvent[] = [];
      let comments = 0;
      let rest = '';
      const end = new Promise<void>((done, fail) => {
        response.on('end', done);
        response.on('close', () => fail(new Error('The stream was cut.')));
      });
      end.catch(() => undefined);
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const blocks = `${rest}${chunk}`.split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          if (block.startsWith(':')) comments += 1;
          const fields = Object.fromEntries(
            block.split('\n').map((line) => {
              const colon = line.indexOf(':');
              return [line.slice(0, colon), line.slice(colon + 1).trim()];
            }),
          );
          if (fields['data'] === undefined) continue;
          events.push({
            id: Number(fields['id']),
            event: fields['event'] ?? '',
            data: JSON.parse(fields['data']) as Schemas['ReportEvent'],
          });
        }
      });
      resolve({
        status: response.statusCode ?? 0,
        contentType: response.headers['content-type'],
        events,
        comments: () => comments,
        end,
        leave: () => outgoing.destroy(),
      });
    });
    outgoing.end();
  });
}

/**
 * Keeps a transaction open until the result is called, which undoes it.
 */
async function hold(
  { database }: Pick<LogisticsService, 'database'>,
  text: string,
  values: readonly unknown[] = [],
): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const undone = new Error('The hold is over.');
  const transaction = database
    .transaction(async (inner) => {
      await inner.query(text, values);
      held.resolve();
      await released.promise;
      throw undone;
    })
    .catch((error: unknown) => {
      if (error !== undone) throw error;
    });
  await Promise.race([held.promise, transaction]);
  return async () => {
    released.resolve();
    await transaction;
  };
}

/**
 * Stops the work on a report while it saves a step: the step's place is taken in a transaction, for
 * which the worker's insert has to wait.
 */
export function holdStep(
  service: Pick<LogisticsService, 'database'>,
  reportId: string,
  step: number,
): Promise<() => Promise<void>> {
  return hold(
    service,
    'INSERT INTO report_steps (report_id, step, store_id, figures) VALUES ($1, $2, $3, $4)',
    [reportId, step, 1_000_000 + step, '{}'],
  );
}

/** Stops every work on reports at the next shop. */
export function lockSales(
  service: Pick<LogisticsService, 'database'>,
): Promise<() => Promise<void>> {
  return hold(service, 'LOCK TABLE sales IN ACCESS EXCLUSIVE MODE');
}

/**
 * Stops the work on a report between two shops: whoever reads the sales has to wait. Call it before
 * the job is handed over, then `reached` after.
 */
export async function freezeAfter(
  service: Pick<LogisticsService, 'database'>,
  reportId: string,
  step: number,
): Promise<{ reached(): Promise<void>; release(): Promise<void> }> {
  const releaseStep = await holdStep(service, reportId, step);
  let releaseSales = async () => {};
  return {
    reached: async () => {
      await waitFor(() => savingWaits(service), 60_000);
      releaseSales = await lockSales(service);
      await releaseStep();
      await waitFor(async () => (await stepsOf(service, reportId)) === step, 60_000);
    },
    release: () => releaseSales(),
  };
}

/** Whether a worker's statement that saves a step waits for a lock. */
export async function savingWaits({
  database,
}: Pick<LogisticsService, 'database'>): Promise<boolean> {
  const waiting = await database.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database()
       AND wait_event_type = 'Lock' AND query LIKE '%SET shops_done = shops_done + 1%'`,
  );
  return waiting.length > 0;
}

/** How many steps of a report are saved. */
export async function stepsOf(
  { database }: Pick<LogisticsService, 'database'>,
  reportId: string,
): Promise<number | undefined> {
  const [row] = await database.query<{ count: number }>(
    'SELECT count(*) AS count FROM report_steps WHERE report_id = $1',
    [reportId],
  );
  return row?.count;
}
