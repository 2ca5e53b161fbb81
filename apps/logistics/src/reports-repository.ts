import type { Queryable } from '@woodytoys/database';
import type { components } from './contract.ts';

type Schemas = components['schemas'];

export interface ReportRow {
  readonly id: string;
  readonly status: Schemas['ReportStatus'];
  readonly shopsDone: number;
  /** Null until a worker has taken the job. */
  readonly shopsTotal: number | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly failure: string | null;
  readonly result: Schemas['ReportResult'] | null;
}

/** A shop that is ready. */
export interface ReportStep {
  /** From 1. */
  readonly step: number;
  readonly storeId: number;
}

export type ReportProgress = Pick<ReportRow, 'status' | 'shopsTotal' | 'failure'> & {
  /** Those after the step that was asked for, in their order. */
  readonly steps: readonly ReportStep[];
};

const reportColumns = `
  id, status, shops_done AS "shopsDone", shops_total AS "shopsTotal", created_at AS "createdAt",
  started_at AS "startedAt", finished_at AS "finishedAt", failure, result`;

const insertReportStatement = {
  name: 'insert-report',
  text: `INSERT INTO reports (id) VALUES ($1) RETURNING ${reportColumns}`,
};

const reportById = {
  name: 'report-by-id',
  text: `SELECT ${reportColumns} FROM reports WHERE id = $1`,
};

/** In one statement, so that the steps are those of the status. */
const reportProgress = {
  name: 'report-progress',
  text: `
    SELECT status, shops_total AS "shopsTotal", failure,
      coalesce((
        SELECT json_agg(json_build_object('step', step, 'storeId', store_id) ORDER BY step)
        FROM report_steps WHERE report_id = reports.id AND step > $2
      ), '[]') AS steps
    FROM reports WHERE id = $1`,
};

const reportsByStatus = {
  name: 'reports-by-status',
  text: 'SELECT status, count(*) AS count FROM reports GROUP BY status',
};

export async function insertReport(transaction: Queryable, id: string): Promise<ReportRow> {
  const [report] = await transaction.query<ReportRow>(insertReportStatement, [id]);
  if (report === undefined) throw new Error(`Inserting report ${id} gave no row.`);
  return report;
}

export async function selectReport(
  database: Queryable,
  id: string,
): Promise<ReportRow | undefined> {
  const [report] = await database.query<ReportRow>(reportById, [id]);
  return report;
}

export async function selectReportProgress(
  database: Queryable,
  id: string,
  afterStep: number,
): Promise<ReportProgress | undefined> {
  const [progress] = await database.query<ReportProgress>(reportProgress, [id, afterStep]);
  return progress;
}

/** How many reports there are in each state. */
export async function countReports(
  database: Queryable,
): Promise<Record<Schemas['ReportStatus'], number>> {
  const counts = { queued: 0, running: 0, done: 0, failed: 0 };
  const rows = await database.query<{ status: Schemas['ReportStatus']; count: number }>(
    reportsByStatus,
  );
  for (const { status, count } of rows) counts[status] = count;
  return counts;
}

/** From 0 to 1. The shops are followed by the figures over all of them, which count as one more. */
export function progressOf(
  status: ReportRow['status'],
  shopsDone: number,
  shopsTotal: number | null,
): number {
  if (status === 'done') return 1;
  return shopsTotal === null ? 0 : shopsDone / (shopsTotal + 1);
}
