import type { Database } from '@woodytoys/database';
import type { components } from './contract.ts';
import { progressOf, selectReportProgress } from './reports-repository.ts';
import type { ReportStep } from './reports-repository.ts';

/** What a client that follows a report is told. */
export interface ReportEvent {
  /** Counts from 1 over the events of a report; 0 for the state at the beginning. */
  readonly sequence: number;
  readonly type: 'progress' | 'done' | 'failed';
  readonly data: components['schemas']['ReportEvent'];
}

export interface ReportWatchDependencies {
  readonly database: Database;
  /** The pause between two looks at a report, in milliseconds; default 200. */
  readonly pollMs?: number;
}

export interface ReportWatch {
  /**
   * The events after `afterSequence`, as they come; ends after `done` or `failed`, or when `signal`
   * aborts. Throws when the report cannot be read any more.
   */
  follow(id: string, afterSequence: number, signal: AbortSignal): AsyncGenerator<ReportEvent>;
}

/** A report that somebody follows; all its followers share one loop. */
interface Watched {
  readonly id: string;
  readonly events: ReportEvent[];
  followers: number;
  state: 'open' | 'ended' | 'lost';
  cause?: unknown;
  /** Wakes the followers that wait. */
  readonly waiting: Set<() => void>;
}

/**
 * Looks at followed reports in the database, because the worker is another process and PgBouncer
 * leaves no room for LISTEN. However many clients follow a report, it is read once a pause.
 */
export function createReportWatch({
  database,
  pollMs = 200,
}: ReportWatchDependencies): ReportWatch {
  const watchedReports = new Map<string, Watched>();

  function wake(watched: Watched): void {
    for (const resume of watched.waiting) resume();
    watched.waiting.clear();
  }

  async function poll(watched: Watched): Promise<void> {
    const { id, events } = watched;
    const progress = await selectReportProgress(database, id, events.length);
    if (progress === undefined) throw new Error(`Report ${id} is not there any more.`);
    const { status, steps, shopsTotal, failure } = progress;
    events.push(...steps.map((step) => stepEvent(id, step, shopsTotal)));
    if (status !== 'done' && status !== 'failed') return;
    const data = { id, status, progress: progressOf(status, events.length, shopsTotal) };
    events.push({
      sequence: events.length + 1,
      type: status,
      data: failure === null ? data : { ...data, failure },
    });
    watched.state = 'ended';
  }

  async function run(watched: Watched): Promise<void> {
    try {
      while (watched.state === 'open' && watched.followers > 0) {
        await poll(watched);
        wake(watched);
        if (watched.state === 'open') await new Promise((wakeUp) => setTimeout(wakeUp, pollMs));
      }
    } catch (error) {
      // The followers throw it, each at its own request.
      watched.state = 'lost';
      watched.cause = error;
      wake(watched);
    }
    if (watchedReports.get(watched.id) === watched) watchedReports.delete(watched.id);
  }

  function join(id: string): Watched {
    const present = watchedReports.get(id);
    if (present !== undefined && present.followers > 0) {
      present.followers += 1;
      return present;
    }
    const watched: Watched = { id, events: [], followers: 1, state: 'open', waiting: new Set() };
    watchedReports.set(id, watched);
    void run(watched);
    return watched;
  }

  return {
    follow: async function* (id, afterSequence, signal) {
      const watched = join(id);
      const leave = () => wake(watched);
      signal.addEventListener('abort', leave);
      try {
        let next = afterSequence;
        while (!signal.aborted) {
          for (; next < watched.events.length; next += 1) {
            const event = watched.events[next];
            if (event !== undefined) yield event;
          }
          if (watched.state === 'lost') throw watched.cause;
          if (watched.state === 'ended' || signal.aborted) return;
          await new Promise<void>((resume) => watched.waiting.add(resume));
        }
      } finally {
        signal.removeEventListener('abort', leave);
        watched.followers -= 1;
      }
    },
  };
}

function stepEvent(
  id: string,
  { step, storeId }: ReportStep,
  shopsTotal: number | null,
): ReportEvent {
  const progress = progressOf('running', step, shopsTotal);
  return { sequence: step, type: 'progress', data: { id, status: 'running', progress, storeId } };
}
