import type { ClientRequest } from './http-client.ts';
import type { CatalogueEntry, JobState } from './snapshot.ts';

/** What the platform says of a job. */
export interface JobReport {
  readonly id: string;
  readonly state: JobState;
  /** Share that is done; null while it is not known. */
  readonly progress: number | null;
  /** Why it failed; null else. */
  readonly detail: string | null;
}

/** A kind of job that can be asked for and followed through the platform's public API. */
export interface JobKind extends CatalogueEntry {
  /** What asks for one. */
  readonly create: Pick<ClientRequest, 'method' | 'body'> & { readonly path: string };
  /** Where its state is, as a path on the entry. */
  statePath(id: string): string;
  /** Where its result is once it is done; null where it has none. */
  resultPath(id: string): string | null;
  /** Reads the answer to `create` and that at `statePath`. */
  read(answer: unknown): JobReport;
}

interface Report {
  readonly id: string;
  readonly status: Exclude<JobState, 'unknown'>;
  readonly progress: number;
  readonly failure: string | null;
}

interface Order {
  readonly id: string;
  readonly status: 'pending' | 'validated' | 'refused';
  readonly reason: string | null;
}

const STATE_OF_ORDER = { pending: 'queued', validated: 'done', refused: 'failed' } as const;

/** Every kind that the page offers: one more is one more entry. */
export const JOB_KINDS: readonly JobKind[] = [
  {
    id: 'report',
    title: 'Report over all shops',
    description: 'A worker goes through the sales of every shop, one after the other.',
    create: { method: 'POST', path: '/api/reports', body: {} },
    statePath: (id) => `/api/reports/${id}`,
    resultPath: (id) => `/api/reports/${id}.csv`,
    read(answer) {
      const { id, status, progress, failure } = answer as Report;
      return { id, state: status, progress, detail: failure };
    },
  },
  {
    id: 'order',
    title: 'Order of a toy',
    description: 'It is taken at once; a worker validates it.',
    create: { method: 'POST', path: '/api/orders', body: { product: 'Yoyo' } },
    statePath: (id) => `/api/orders/${id}`,
    resultPath: (id) => `/api/orders/${id}`,
    read(answer) {
      const { id, status, reason } = answer as Order;
      const state = STATE_OF_ORDER[status];
      return { id, state, progress: state === 'queued' ? null : 1, detail: reason };
    },
  },
];
