/**
 * An open loop of several streams: one argument of JSON tells what is sent, the result is printed as
 * JSON. Requests start when they are due, whatever became of those before, each on a free connection
 * or a new one; its time counts from when it was due.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../load/connection.ts';
import { percentile } from '../statistics.ts';

export interface ClientTask {
  readonly port: number;
  readonly seconds: number;
  readonly streams: readonly { readonly path: string; readonly rate: number }[];
}

export interface StatusResult {
  readonly count: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** How many said when to come back. */
  readonly retryAfter: number;
}

/** By path, then by status, by how the connection ended, or `none` when no answer came. */
export type ClientResult = Readonly<Record<string, Readonly<Record<string, StatusResult>>>>;

/** How long the last answers may take to come. */
const PATIENCE_MS = 12_000;

const { port, seconds, streams } = JSON.parse(process.argv[2] as string) as ClientTask;
const startsAt = performance.now() + 200;
const endsAt = startsAt + seconds * 1000;

class Stream {
  readonly path: string;
  readonly byStatus = new Map<string, { times: number[]; retryAfter: number }>();
  unanswered = 0;
  readonly #request: Buffer;
  readonly #intervalMs: number;
  readonly #free: Connection[] = [];
  #nextAt = startsAt;

  constructor({ path, rate }: ClientTask['streams'][number]) {
    this.path = path;
    this.#intervalMs = 1000 / rate;
    this.#request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  }

  sendDue(now: number): void {
    for (; this.#nextAt < endsAt && this.#nextAt <= now; this.#nextAt += this.#intervalMs) {
      const connection = this.#free.pop() ?? new Connection(port, (free) => this.#count(free));
      connection.dueAt = this.#nextAt;
      connection.send(this.#request);
      this.unanswered += 1;
    }
  }

  count(status: string, ms: number, retryAfter: boolean): void {
    const counted = this.byStatus.get(status) ?? { times: [], retryAfter: 0 };
    this.byStatus.set(status, counted);
    counted.times.push(ms);
    if (retryAfter) counted.retryAfter += 1;
  }

  #count(connection: Connection): void {
    const { status, error, dueAt, retryAfter } = connection;
    this.unanswered -= 1;
    this.count(
      status === 0 ? error || 'ended' : String(status),
      performance.now() - dueAt,
      retryAfter,
    );
    this.#free.push(connection);
  }
}

function resultOf({ byStatus }: Stream): ClientResult[string] {
  const entries = [...byStatus].map(([status, { times, retryAfter }]) => {
    times.sort((one, other) => one - other);
    const result: StatusResult = {
      count: times.length,
      perSecond: times.length / seconds,
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
      maxMs: times.at(-1) as number,
      retryAfter,
    };
    return [status, result] as const;
  });
  return Object.fromEntries(entries);
}

const all = streams.map((stream) => new Stream(stream));
const waiting = () => all.some(({ unanswered }) => unanswered > 0);
while (performance.now() < endsAt) {
  for (const stream of all) stream.sendDue(performance.now());
  await sleep(1);
}
const patience = performance.now() + PATIENCE_MS;
while (waiting() && performance.now() < patience) await sleep(10);
for (const stream of all) {
  for (; stream.unanswered > 0; stream.unanswered -= 1) stream.count('none', PATIENCE_MS, false);
}
const result: ClientResult = Object.fromEntries(all.map((each) => [each.path, resultOf(each)]));
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
