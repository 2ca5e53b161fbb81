import { bodyInvalid, problem } from '@woodytoys/service';
import type { Logger } from '@woodytoys/service';
import type { HttpClient } from './http-client.ts';
import type { JobKind } from './job-kinds.ts';
import type { Job } from './snapshot.ts';

export interface JobsDependencies {
  readonly kinds: readonly JobKind[];
  /** The origin of the platform's entry. */
  readonly entry: () => string;
  readonly client: HttpClient;
  readonly log: Logger;
  /** The pause between two looks at the jobs, in milliseconds; 1,000 unless given. */
  readonly pollMs?: number;
}

/** The jobs that were asked for here. */
export interface Jobs {
  /**
   * Asks the platform for a job, and follows it to its end.
   * @throws ProblemError 422 for an unknown kind, 503 while too many are under way, 502 when the
   * platform does not take it (rejections).
   */
  create(kind: string): Promise<Job>;
  /** The last one first. */
  list(): readonly Job[];
  close(): void;
}

/** What is kept, ended jobs included. */
const KEPT = 50;
/** As many are asked for at a time; so many questions a second at most. */
const ACTIVE = 20;

interface Followed {
  readonly kind: JobKind;
  job: Job;
}

export function createJobs(dependencies: JobsDependencies): Jobs {
  const { kinds, entry, client, log, pollMs = 1_000 } = dependencies;
  const followed: Followed[] = [];
  let timer: NodeJS.Timeout | undefined;
  let asking = 0;
  let closed = false;

  const active = () => followed.filter(({ job }) => !isEnded(job));

  async function look(one: Followed): Promise<void> {
    const { kind, job } = one;
    try {
      const url = entry() + kind.statePath(job.id);
      const { state, progress, detail } = kind.read(await client.json({ method: 'GET', url }));
      const result = state === 'done' ? kind.resultPath(job.id) : null;
      one.job = { ...job, state, progress, detail, result };
    } catch (error) {
      one.job = { ...job, state: 'unknown', detail: (error as Error).message };
    }
  }

  async function round(): Promise<void> {
    await Promise.all(active().map(look));
    timer = undefined;
    schedule();
  }

  function schedule(): void {
    if (closed || active().length === 0) return;
    timer ??= setTimeout(() => void round(), pollMs);
  }

  async function ask(kind: JobKind): Promise<Job> {
    const { method, path, body } = kind.create;
    try {
      const answer = await client.json({ method, url: entry() + path, body });
      const { id, state, progress, detail } = kind.read(answer);
      const createdAt = Date.now();
      return { id, kind: kind.id, state, progress, createdAt, result: null, detail };
    } catch (error) {
      log.warn({ error, kind: kind.id }, 'the platform did not take a job');
      throw problem(
        'WT-UPSTREAM-FAILED',
        `The platform did not take the job: ${(error as Error).message}. Try again.`,
        { cause: error },
      );
    }
  }

  return {
    async create(id) {
      const kind = kinds.find((one) => one.id === id);
      if (kind === undefined) {
        const detail = `must be one of ${kinds.map((one) => one.id).join(', ')}`;
        throw bodyInvalid([{ pointer: '/body/kind', detail }]);
      }
      if (active().length + asking >= ACTIVE) {
        throw problem('WT-UNAVAILABLE', `${ACTIVE} jobs are under way; wait until one has ended.`, {
          headers: { 'retry-after': '5' },
        });
      }
      asking += 1;
      const job = await ask(kind).finally(() => (asking -= 1));
      followed.unshift({ kind, job });
      if (followed.length > KEPT)
        followed.splice(
          followed.findLastIndex((one) => isEnded(one.job)),
          1,
        );
      schedule();
      return job;
    },
    list: () => followed.map(({ job }) => job),
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function isEnded({ state }: Job): boolean {
  return state === 'done' || state === 'failed';
}
