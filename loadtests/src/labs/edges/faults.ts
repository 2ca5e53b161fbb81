/** What is taken away, how, and how it is brought back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { docker } from '@woodytoys/infra/compose';
import type { MeasureContext, Observation, ProbeLoad } from '../../lab/lab.ts';
import { LabError } from '../../lab/failure.ts';
import { startEntryLoad, type EntryOutcome, type Policy } from './entry-load.ts';

export const REQUESTS_PER_SECOND = 100;

export interface Fault {
  readonly service: 'nginx' | 'gateway';
  /** Killed as by a lost machine, or stopped as by an operator. */
  readonly how: 'killed' | 'stopped';
}

/** Seconds before the fault, while it is gone, and after it came back. */
export interface Times {
  readonly before: number;
  readonly away: number;
  readonly after: number;
}

export const titleOf = ({ service, how }: Fault, policy: Policy): string => {
  const client = {
    first: 'the client knows one entry',
    turns: 'the client takes turns',
    other: 'the client tries the other',
  }[policy];
  return `${service} ${how}, ${client}`;
};

/** A load of reads in whose middle one container goes, and comes back after a while. */
export function faultLoad(
  fault: Fault,
  policy: Policy,
  entries: readonly string[],
  times: Times,
): ProbeLoad {
  return {
    title: titleOf(fault, policy),
    seconds: times.before + times.away + times.after,
    probe: (context) => takeAway(fault, policy, entries, times, context),
  };
}

async function takeAway(
  { service, how }: Fault,
  policy: Policy,
  entries: readonly string[],
  times: Times,
  { running: { stack }, signal, say }: MeasureContext,
): Promise<Observation> {
  if (stack === undefined) throw new LabError('The lab edges needs the compose stack.');
  const wait = (seconds: number) => sleep(seconds * 1000, undefined, { signal });
  await allAnswer(entries, signal);
  const [container] = await stack.containers(service);
  if (container === undefined) throw new LabError(`No container of ${service} runs.`);
  const load = startEntryLoad({
    entries,
    policy,
    requestsPerSecond: REQUESTS_PER_SECOND,
    path: (n) => `/api/${(n % 1000) + 1}/${(n % 1000) + 1}`,
  });
  let outcome: EntryOutcome;
  let fault = 0;
  let back = 0;
  try {
    await wait(times.before);
    say(`${service} ${how}`);
    fault = load.elapsed();
    await (how === 'killed'
      ? docker('kill', '--signal', 'KILL', container)
      : docker('stop', '--time', '30', container));
    await wait(Math.max(0, fault + times.away - load.elapsed()));
    back = load.elapsed();
    await docker('start', container);
    await wait(times.after);
  } finally {
    outcome = await load.stop();
  }
  await allAnswer(entries, signal);
  return observationOf(outcome, fault, back);
}

/** A request over each entry, several times: what came back last may be asked by turns. */
async function allAnswer(entries: readonly string[], signal: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + 60_000; ; await sleep(500, undefined, { signal })) {
    const answers = await Promise.all(
      [...entries, ...entries, ...entries].map((entry) =>
        fetch(`${entry}/api/1/1`, { signal: AbortSignal.timeout(3_000) }).then(
          ({ ok }) => ok,
          () => false,
        ),
      ),
    );
    if (answers.every(Boolean)) return;
    if (Date.now() > deadline) {
      throw new LabError(`${entries.join(' and ')} do not both answer within 60 s.`);
    }
  }
}

/** Of the failures, their share and how long they went on; second by second for the chart. */
export function observationOf(
  { sent, failedAt, latenciesMs, saved }: EntryOutcome,
  fault: number,
  back: number,
): Observation {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const bySecond = new Map<number, number>();
  for (const at of failedAt) bySecond.set(Math.floor(at), (bySecond.get(Math.floor(at)) ?? 0) + 1);
  const seconds = Math.ceil(sent / REQUESTS_PER_SECOND);
  return {
    values: {
      sent,
      failed: failedAt.length,
      saved,
      failedShare: sent === 0 ? Number.NaN : failedAt.length / sent,
      // From the fault to the last request that failed.
      failedSeconds: Math.max(0, (failedAt.at(-1) ?? fault) - fault),
      awaySeconds: back - fault,
      p99: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN,
    },
    series: [
      {
        name: 'failed',
        unit: 'requests/s',
        points: Array.from({ length: seconds }, (_, second) => [second, bySecond.get(second) ?? 0]),
      },
    ],
  };
}
