import { enqueue } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { problem, STREAMED } from '@woodytoys/service';
import type { Handlers, ProblemError } from '@woodytoys/service';
import { v7 as uuidv7 } from 'uuid';
import type { components, operations } from './contract.ts';
import { reportRequested } from './events.ts';
import { reportCsv } from './report-csv.ts';
import { insertReport, progressOf, selectReport } from './reports-repository.ts';
import type { ReportRow } from './reports-repository.ts';

export interface ReportsDependencies {
  readonly database: Database;
  /** Called once a job has been committed with its outbox row. */
  readonly committed: () => void;
}

export function createReports({
  database,
  committed,
}: ReportsDependencies): Pick<
  Handlers<operations>,
  'requestReport' | 'getReport' | 'getReportCsv'
> {
  async function findReport(id: string): Promise<ReportRow> {
    const report = await selectReport(database, id);
    if (report === undefined) throw reportNotFound(id);
    return report;
  }

  return {
    requestReport: async () => {
      const id = uuidv7();
      const report = await database.transaction(async (transaction) => {
        const inserted = await insertReport(transaction, id);
        enqueue(transaction, reportRequested(id));
        transaction.afterCommit(committed);
        return inserted;
      });
      return { status: 202, headers: { location: `/api/reports/${id}` }, body: present(report) };
    },

    getReport: async ({ params: { id } }) => ({
      status: 200,
      body: present(await findReport(id)),
    }),

    getReportCsv: async ({ params: { id }, response }) => {
      const { status, result } = await findReport(id);
      if (result === null) {
        throw problem(
          'WT-CONFLICT',
          status === 'failed'
            ? `Report ${id} failed, so there is no table of it. Ask for a new report.`
            : `Report ${id} is ${status}. Ask for its table once it is done.`,
        );
      }
      response.writeHead(200, {
        'content-type': 'text/csv; charset=utf-8; header=present',
        'cache-control': 'no-store',
        'content-disposition': `attachment; filename="report-${id}.csv"`,
      });
      response.end(reportCsv(result));
      return STREAMED;
    },
  };
}

export function reportNotFound(id: string): ProblemError {
  return problem('WT-RESOURCE-NOT-FOUND', `There is no report ${id}.`);
}

function present(row: ReportRow): components['schemas']['Report'] {
  const { id, status, shopsDone, shopsTotal, createdAt, startedAt, finishedAt } = row;
  return {
    id,
    status,
    progress: progressOf(status, shopsDone, shopsTotal),
    createdAt: createdAt.toISOString(),
    startedAt: startedAt?.toISOString() ?? null,
    finishedAt: finishedAt?.toISOString() ?? null,
    failure: row.failure,
    result: row.result,
  };
}
