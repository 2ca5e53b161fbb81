import type { Job, NewJob, Traffic, TrafficOrder } from '../../src/snapshot.ts';

/** What a reader can ask the platform for. */
export interface Actions {
  /** @throws Error whose message is the problem's detail, fit to be shown. */
  requestJob(order: NewJob): Promise<Job>;
  /** @throws Error whose message is the problem's detail, fit to be shown. */
  setTraffic(order: TrafficOrder): Promise<Traffic>;
}

/** @param base the path below which the console's operations are, such as `/console/api` */
export function createActions(base: string): Actions {
  async function send<Answer>(method: string, path: string, body: unknown): Promise<Answer> {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).catch(() => {
      throw new Error('The console could not be reached. Is the platform running?');
    });
    if (response.ok) return (await response.json()) as Answer;
    throw new Error(await problemOf(response));
  }

  return {
    requestJob: (order) => send('POST', '/jobs', order),
    setTraffic: (order) => send('PUT', '/traffic', order),
  };
}

/** Errors are problem documents (RFC 9457), unless something between answered by itself. */
async function problemOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as {
    detail?: string;
    title?: string;
    requestId?: string;
  };
  const text = problem.detail ?? problem.title ?? `The answer was ${response.status}.`;
  return problem.requestId ? `${text} (request ${problem.requestId})` : text;
}
