import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '@woodytoys/infra/compose';
import { LabError } from '../../lab/failure.ts';
import type { MeasureContext, Observation, Running } from '../../lab/lab.ts';
import { ask } from '../sql.ts';

const POLL_MS = 2_000;
/** Far beyond the bar; what is not decided on by then is told as waiting. */
const LONGEST_MS = 300_000;

export function stackOf({ stack }: Running): Stack {
  if (stack !== undefined) return stack;
  throw new LabError(
    'This lab counts orders in the database of a compose stack, and there is none.',
  );
}

/** Resolves when no order waits any more, or after five minutes. */
export async function drained({
  running,
  signal,
  say,
}: Omit<MeasureContext, 'elapsed'>): Promise<void> {
  const stack = stackOf(running);
  for (const deadline = Date.now() + LONGEST_MS; Date.now() < deadline;) {
    const [[waiting = '0'] = []] = await ask(
      stack,
      'order',
      "SELECT count(*) FROM orders WHERE status = 'pending'",
    );
    if (waiting === '0') return;
    say(`${waiting} orders wait`);
    await sleep(POLL_MS, undefined, { signal });
  }
}

/**
 * What became of the orders placed since a measurement began, told by the database afterwards: their
 * times are kept with them, so that nobody has to look on meanwhile.
 *
 * @param began milliseconds since 1970.
 * @returns `rows`, `validated`, `refused`, `waiting`, `duplicates` (orders beyond one for a product),
 * `drainedSeconds` and `takenSeconds` from the first order on, and how many waited each second.
 */
export async function whatBecame(running: Running, began: number): Promise<Observation> {
  const stack = stackOf(running);
  const since = `created_at >= to_timestamp(${began / 1000})`;
  const [row = []] = await ask(
    stack,
    'order',
    `SELECT count(*), count(*) FILTER (WHERE status = 'validated'),
       count(*) FILTER (WHERE status = 'refused'), count(*) FILTER (WHERE status = 'pending'),
       count(*) - count(DISTINCT product),
       extract(epoch FROM max(created_at) - min(created_at)),
       extract(epoch FROM max(decided_at) - min(created_at))
     FROM orders WHERE ${since}`,
  );
  const [rows, validated, refused, waiting, duplicates, taken, drainedIn] = row.map(Number);
  const depth = await ask(
    stack,
    'order',
    `WITH peak AS (SELECT created_at, decided_at FROM orders WHERE ${since}),
       edges AS (
         SELECT created_at AS at, 1 AS change FROM peak
         UNION ALL SELECT decided_at, -1 FROM peak WHERE decided_at IS NOT NULL),
       seconds AS (
         SELECT ceil(extract(epoch FROM at) - ${began / 1000}) AS second, sum(change) AS change
         FROM edges GROUP BY second)
     SELECT second, sum(change) OVER (ORDER BY second) FROM seconds ORDER BY second`,
  );
  return {
    values: {
      rows: rows ?? 0,
      validated: validated ?? 0,
      refused: refused ?? 0,
      waiting: waiting ?? 0,
      duplicates: duplicates ?? 0,
      ...(taken !== undefined && { takenSeconds: taken }),
      ...(drainedIn !== undefined && waiting === 0 && { drainedSeconds: drainedIn }),
    },
    series: [
      {
        name: 'waiting',
        unit: 'orders',
        points: depth.map(([second, count]) => [Number(second), Number(count)] as const),
      },
    ],
  };
}
