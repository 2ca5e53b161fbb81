/**
 * An open loop: one argument of JSON tells what is sent, the result is printed as JSON. Requests start
 * when they are due, whatever became of those before, each on a free connection or a new one; its
 * time counts from when it was due.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { percentile } from '../statistics.ts';

export interface ClientTask {
  readonly origin: string;
  readonly seconds: number;
  readonly streams: readonly { readonly path: string; readonly rate: number }[];
}

export interface StatusResult {
  readonly count: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** By path, then by status, or by the code of an error. */
export type ClientResult = Readonly<Record<string, Readonly<Record<string, StatusResult>>>>;

const PATIENCE_MS = 10_000;

const { origin, seconds, streams } = JSON.parse(process.argv[2] as string) as ClientTask;
const pool = new Pool(origin, { connections: null, pipelining: 1, keepAliveTimeout: 60_000 });
const results = new Map(streams.map(({ path }) => [path, new Map<string, number[]>()]));
let open = 0;

function send(path: string, dueAt: number): void {
  let status = '';
  open += 1;
  const end = (outcome: string) => {
    open -= 1;
    const byStatus = results.get(path) as Map<string, number[]>;
    const times = byStatus.get(outcome) ?? [];
    byStatus.set(outcome, times);
    times.push(performance.now() - dueAt);
  };
  pool.dispatch(
    { method: 'GET', path, headersTimeout: 0 },
    {
      onRequestStart() {},
      onResponseStart(_controller, code) {
        status = String(code);
      },
      onResponseData() {},
      onResponseEnd: () => end(status),
      onResponseError: (_controller, error) => end((error as { code?: string }).code ?? error.name),
    },
  );
}

const startedAt = performance.now() + 100;
const endsAt = startedAt + seconds * 1000;
const next = streams.map(() => 0);
while (performance.now() < endsAt) {
  const now = Math.min(performance.now(), endsAt);
  for (const [index, { path, rate }] of streams.entries()) {
    for (;;) {
      const dueAt = startedAt + ((next[index] as number) * 1000) / rate;
      if (dueAt > now) break;
      (next[index] as number) += 1;
      send(path, dueAt);
    }
  }
  await sleep(1);
}
for (const end = performance.now() + PATIENCE_MS; open > 0 && performance.now() < end;) {
  await sleep(10);
}
const printed = Object.fromEntries(
  [...results].map(([path, byStatus]) => [
    path,
    Object.fromEntries(
      [...byStatus].map(([status, times]) => {
        times.sort((one, other) => one - other);
        const result: StatusResult = {
          count: times.length,
          perSecond: times.length / seconds,
          p50Ms: percentile(times, 0.5),
          p99Ms: percentile(times, 0.99),
          maxMs: times.at(-1) as number,
        };
        return [status, result];
      }),
    ),
  ]),
) satisfies ClientResult;
process.stdout.write(`${JSON.stringify(printed)}\n`, () => process.exit(0));
