/** An open-loop load of reads by a client that knows one entry or more. */
import { Agent, request } from 'undici';

/**
 * What a client makes of the entries that it knows.
 *
 * - first: it asks the first alone.
 * - turns: each request goes to the next entry, and that is all; a name with two addresses, of which
 *   the client takes one.
 * - other: as turns, and a request that failed goes to the other entry, once.
 */
export type Policy = 'first' | 'turns' | 'other';

export interface EntryLoadOptions {
  readonly entries: readonly string[];
  readonly policy: Policy;
  readonly requestsPerSecond: number;
  /** The path of the n-th request, counted from 0; it has to be safe to ask twice. */
  readonly path: (n: number) => string;
}

export interface EntryOutcome {
  readonly sent: number;
  /** When each request that failed should have started, in seconds since the load began. */
  readonly failedAt: readonly number[];
  /** Milliseconds from the planned start to the end of the answer, of all that were answered. */
  readonly latenciesMs: readonly number[];
  /** Requests that the other entry answered. */
  readonly saved: number;
}

export interface EntryLoad {
  /** Seconds since it began. */
  elapsed(): number;
  /** Starts no more, waits for what is under way, and tells the outcome. */
  stop(): Promise<EntryOutcome>;
}

const TICK_MS = 5;
/** How long a client waits for a connection, and for an answer: no person waits longer. */
const CONNECT_MS = 500;
const ANSWER_MS = 3_000;

export function startEntryLoad(options: EntryLoadOptions): EntryLoad {
  const { entries, policy, requestsPerSecond, path } = options;
  const agent = new Agent({
    connections: 64,
    pipelining: 1,
    connect: { timeout: CONNECT_MS },
    headersTimeout: ANSWER_MS,
    bodyTimeout: ANSWER_MS,
  });
  const startedAt = performance.now();
  const failedAt: number[] = [];
  const latenciesMs: number[] = [];
  const running = new Set<Promise<void>>();
  let sent = 0;
  let saved = 0;

  async function answered(entry: string, asked: string): Promise<boolean> {
    try {
      const { statusCode, body } = await request(`${entry}${asked}`, { dispatcher: agent });
      await body.dump();
      return statusCode === 200;
    } catch {
      return false;
    }
  }

  async function send(n: number, planned: number): Promise<void> {
    const turn = policy === 'first' ? 0 : n % entries.length;
    const asked = path(n);
    const entry = entries[turn] ?? '';
    let ok = await answered(entry, asked);
    if (!ok && policy === 'other') {
      ok = await answered(entries[(turn + 1) % entries.length] ?? '', asked);
      if (ok) saved += 1;
    }
    if (ok) latenciesMs.push(performance.now() - planned);
    else failedAt.push((planned - startedAt) / 1000);
  }

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * requestsPerSecond) / 1000);
    for (; sent < due; sent += 1) {
      const one = send(sent, startedAt + (sent * 1000) / requestsPerSecond);
      const known = one.finally(() => running.delete(known));
      running.add(known);
    }
  }, TICK_MS);

  return {
    elapsed: () => (performance.now() - startedAt) / 1000,
    async stop() {
      clearInterval(timer);
      await Promise.all(running);
      await agent.close();
      return { sent, failedAt: failedAt.toSorted((a, b) => a - b), latenciesMs, saved };
    },
  };
}
