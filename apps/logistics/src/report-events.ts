import type { Database } from '@woodytoys/database';
import { STREAMED } from '@woodytoys/service';
import type { Handlers } from '@woodytoys/service';
import type { operations } from './contract.ts';
import type { ReportEvent, ReportWatch } from './report-watch.ts';
import { selectReport } from './reports-repository.ts';
import { reportNotFound } from './reports.ts';

export interface ReportEventsDependencies {
  readonly database: Database;
  readonly watch: ReportWatch;
}

export interface ReportEventsOptions {
  /** The pause between two comments that keep the connection awake; 15,000 unless given. */
  readonly heartbeatMs?: number;
}

/** How long a client waits before it comes back after a broken connection. */
const retryMs = 1000;

export function createReportEvents(
  { database, watch }: ReportEventsDependencies,
  { heartbeatMs = 15_000 }: ReportEventsOptions = {},
): Pick<Handlers<operations>, 'followReport'> {
  return {
    followReport: async ({ params: { id }, request, response, signal, closing }) => {
      const report = await selectReport(database, id);
      if (report === undefined) throw reportNotFound(id);
      const received = lastEventId(request.headers['last-event-id']);
      const finished = report.status === 'done' || report.status === 'failed';
      if (finished && received !== undefined && received > report.shopsDone) return { status: 204 };

      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache, no-transform',
        // nginx would keep the events back until its buffer is full.
        'x-accel-buffering': 'no',
      });
      response.write(`retry: ${retryMs}\n\n`);
      if (received === undefined) response.write(format(queued(id)));
      const heartbeat = setInterval(() => response.write(':\n\n'), heartbeatMs);
      const ended = AbortSignal.any([signal, closing]);
      try {
        for await (const event of watch.follow(id, received ?? 0, ended)) {
          response.write(format(event));
        }
      } finally {
        clearInterval(heartbeat);
      }
      response.end();
      return STREAMED;
    },
  };
}

/** Undefined for what is no id of ours: the client then gets everything. */
function lastEventId(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : undefined;
}

function queued(id: string): ReportEvent {
  return { sequence: 0, type: 'progress', data: { id, status: 'queued', progress: 0 } };
}

/** As the HTML standard has it; JSON holds no line break, so one `data` line is enough. */
function format({ sequence, type, data }: ReportEvent): string {
  return `id: ${sequence}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
