/**
 * The bench's own load: a process that is told what to do by one argument of JSON, and prints its
 * result as JSON. With a rate it sends requests when they are due, whatever became of those before,
 * and counts each one's time from when it was due; without one each connection asks again as soon as
 * it has its answer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { percentile } from '../statistics.ts';
import { Connection } from './connection.ts';
import type { OnAnswer } from './connection.ts';
import type { LoadResult, Target } from './load.ts';

export interface GeneratorTask extends Target {
  readonly seconds: number;
  readonly connections: number;
  /** Requests a second; 0 for as many as there are answers. */
  readonly rate: number;
}

/** How long the last answers may take to come. */
const LAST_ANSWERS_MS = 10_000;

const task = JSON.parse(process.argv[2] as string) as GeneratorTask;
const requests = task.tokens.map((token) =>
  Buffer.from(
    `GET ${task.path} HTTP/1.1\r\nHost: 127.0.0.1:${task.port}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  ),
);
const now = () => Number(process.hrtime.bigint()) / 1e6;
const latencies: number[] = [];
let sent = 0;
let failures = 0;

function send(connection: Connection, dueAt: number): void {
  connection.dueAt = dueAt;
  connection.send(requests[sent % requests.length] as Buffer);
  sent += 1;
}

function count({ dueAt }: Connection, good: boolean): void {
  latencies.push(now() - dueAt);
  if (!good) failures += 1;
}

async function withoutPause(): Promise<void> {
  const endsAt = now() + task.seconds * 1000;
  const connections = openConnections((connection, good) => {
    count(connection, good);
    if (now() < endsAt) send(connection, now());
  });
  for (const connection of connections) send(connection, now());
  await sleep(task.seconds * 1000);
  for (const connection of connections) connection.close();
}

async function atRate(): Promise<void> {
  const intervalMs = 1000 / task.rate;
  const onAnswer: OnAnswer = (connection, good) => {
    count(connection, good);
    free.push(connection);
  };
  const free = openConnections(onAnswer);
  // The connections are made before the first request is due, and the thread has begun.
  const startsAt = now() + 300;
  const endsAt = startsAt + task.seconds * 1000;
  let nextAt = startsAt;
  const ticker = new Worker(new URL('ticker.ts', import.meta.url), {
    workerData: { startsAt, endsAt, intervalMs },
  });
  ticker.on('message', () => {
    for (; nextAt < endsAt && nextAt <= now(); nextAt += intervalMs) {
      // As many connections as it takes: waiting for one would hide a slow candidate.
      send(free.pop() ?? new Connection(task.port, onAnswer), nextAt);
    }
  });
  await new Promise((ended) => ticker.once('exit', ended));
  const patience = now() + LAST_ANSWERS_MS;
  while (latencies.length < sent && now() < patience) await sleep(10);
  // One that has no answer yet waited at least this long.
  failures += sent - latencies.length;
  while (latencies.length < sent) latencies.push(LAST_ANSWERS_MS);
}

function openConnections(onAnswer: OnAnswer): Connection[] {
  return Array.from({ length: task.connections }, () => new Connection(task.port, onAnswer));
}

await (task.rate === 0 ? withoutPause() : atRate());
latencies.sort((one, other) => one - other);
const result: LoadResult = {
  requests: latencies.length,
  seconds: task.seconds,
  failures,
  p50Ms: percentile(latencies, 0.5),
  p99Ms: percentile(latencies, 0.99),
};
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
