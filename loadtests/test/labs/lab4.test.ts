import { describe, expect, it } from 'vitest';
import type { Measurement } from '../../src/lab/lab.ts';
import { bars } from '../../src/labs/lab4/bars.ts';
import { findings } from '../../src/labs/lab4/findings.ts';
import { recoverySeconds } from '../../src/labs/lab4/objective.ts';
import { labSteps } from '../../src/labs/lab4/steps.ts';
import { tables } from '../../src/labs/lab4/tables.ts';
import { createResults } from '../../src/report/results.ts';
import { measurement, scenarioResult } from '../support/recorded.ts';

/** 60 s of a p95 of 10 ms, a kill at second 30, and what comes after by second. */
function killed(after: Readonly<Record<number, { p95?: number; failed?: number }>>): Measurement {
  const seconds = Array.from({ length: 60 }, (_, second) => second);
  return measurement({
    part: 'killed',
    events: [{ title: 'killed', seconds: 30.4 }],
    series: [
      { name: 'p95', unit: 'ms', points: seconds.map((at) => [at, after[at]?.p95 ?? 10]) },
      { name: 'failed', unit: '1/s', points: seconds.map((at) => [at, after[at]?.failed ?? 0]) },
    ],
  });
}

describe('back to normal', () => {
  it('at once where nobody noticed', () => {
    expect(recoverySeconds(killed({}))).toBe(0);
  });

  it('when three seconds in a row have no failure and at most twice the usual p95', () => {
    const slow = { 30: { failed: 5 }, 31: { p95: 400 }, 33: { p95: 21 }, 34: { p95: 20 } };
    expect(recoverySeconds(killed(slow))).toBeCloseTo(3.6);
  });

  it('never where it stays slow', () => {
    const slow = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [30 + n, { p95: 50 }]));
    expect(recoverySeconds(killed(slow))).toBeUndefined();
  });

  it('is not asked of a measurement without an event', () => {
    expect(recoverySeconds(measurement())).toBeUndefined();
  });
});

function results(measurements: readonly Measurement[], cores?: number) {
  return createResults(measurements, {
    quick: false,
    titles: {},
    ...(cores !== undefined && { cores }),
  });
}

const at = (
  part: string,
  rps: number,
  {
    replicas = 1,
    run = 1,
    ...k6
  }: { replicas?: number; run?: number } & Parameters<typeof scenarioResult>[0],
): Measurement =>
  measurement({
    part,
    configuration: `replicas-${replicas}`,
    load: `${rps}/s of each`,
    run,
    k6: scenarioResult({ requestsPerSecond: 3 * rps, ...k6 }),
  });

const latency = (p95: number) => ({ latency: { p50: 1, p95, p99: p95, max: p95 } });
const barOf = (measurements: readonly Measurement[], what: RegExp) =>
  bars(results(measurements)).find((bar) => what.test(bar.what));

describe('the bars of lab 4', () => {
  it('the mix at 30: no error, and a median p95 of at most 50 ms', () => {
    const runs = [40, 51, 45].map((p95, run) => at('replicas', 30, { run, ...latency(p95) }));
    expect(barOf(runs, /at 30/)?.met).toBe(true);
    const slow = [40, 51, 52].map((p95, run) => at('replicas', 30, { run, ...latency(p95) }));
    expect(barOf(slow, /at 30/)).toMatchObject({
      met: false,
      measured: '0 (0–0) errors, p95 51 (40–52) ms',
    });
    expect(barOf([at('replicas', 30, { failedRatio: 0.01 })], /at 30/)?.met).toBe(false);
    expect(barOf([at('replicas', 30, { dropped: 1 })], /at 30/)?.met).toBe(false);
  });

  it('the highest rate is the median of what each run held', () => {
    const ladder = (run: number, most: number) =>
      [200, 250, 300, 350]
        .filter((rps) => rps <= most + 50)
        .map((rps) => at('highest', rps, { run, ...latency(rps > most ? 300 : 100) }));
    const all = [...ladder(1, 300), ...ladder(2, 250), ...ladder(3, 300)];
    expect(barOf(all, /highest/)).toMatchObject({ measured: '300 (900 requests/s)', met: true });
    expect(barOf([...ladder(1, 250), ...ladder(2, 250)], /highest/)?.met).toBe(false);
  });

  it('more replicas never answer less than 0.95 of what one does', () => {
    const even = [1, 2, 3, 4].map((replicas) => at('replicas', 300, { replicas }));
    expect(barOf(even, /1 → 4/)?.met).toBe(true);
    const worse = [...even.slice(0, 3), at('replicas', 300, { replicas: 4, failedRatio: 0.1 })];
    expect(barOf(worse, /1 → 4/)).toMatchObject({ measured: '0.90 at the least', met: false });
  });

  it('a killed replica: failures and time', () => {
    expect(barOf([killed({})], /failed with a replica/)?.met).toBe(true);
    expect(barOf([killed({})], /back to normal/)?.met).toBe(true);
    const failing = { ...killed({}), k6: scenarioResult({ failedRatio: 0.002 }) };
    expect(barOf([failing], /failed with a replica/)?.met).toBe(false);
  });
});

describe('the search for the highest rate', () => {
  const steps = labSteps({ quick: false, standalone: false }).filter(
    ({ part }) => part === 'highest',
  );
  const skipped = (before: readonly Measurement[], run: number) =>
    steps.map(({ skip }) => skip?.(before, run)).filter((why) => why !== undefined);

  /** Runs the search on a machine that holds rates up to one, and gives the rates that it measured. */
  function search(most: number): readonly number[] {
    const before: Measurement[] = [];
    for (const { load, skip } of steps) {
      if (skip?.(before, 1) !== undefined) continue;
      const rps = Number.parseInt(load.title, 10);
      before.push(at('highest', rps, { run: 1, ...latency(rps > most ? 251 : 250) }));
    }
    return before.map(({ load }) => Number.parseInt(load, 10));
  }

  it('climbs to the first rate that does not hold', () => {
    expect(search(320)).toEqual([200, 250, 300, 350]);
    expect(Math.max(...search(Infinity))).toBeGreaterThan(300);
  });

  it('goes down to the first that holds, where the one it begins with does not', () => {
    expect(search(199)).toEqual([200, 150]);
    expect(search(120)).toEqual([200, 150, 100]);
  });

  it('is of each repetition alone, and of no other part', () => {
    const failed = at('highest', 250, latency(251));
    expect(skipped([failed], 2)).toEqual([]);
    expect(skipped([at('replicas', 300, latency(900))], 1)).toEqual([]);
    expect(skipped([failed], 1)).toContain('250/s of each did not hold in run 1');
  });

  it('finds a rate below the one it begins with', () => {
    const down = [200, 150, 100].map((rps) => at('highest', rps, latency(rps > 100 ? 300 : 90)));
    expect(barOf(down, /highest/)).toMatchObject({ measured: '100 (300 requests/s)', met: false });
  });

  it('is shown in the order of the rates', () => {
    const down = [200, 150].map((rps) => at('highest', rps, latency(rps)));
    const search = tables(results(down)).find(({ title }) => title.includes('search'));
    expect(search?.rows.map(([, load]) => load)).toEqual(['150/s of each', '200/s of each']);
  });
});

describe('what lab 4 tells', () => {
  const told = (measurements: readonly Measurement[], cores?: number) =>
    findings(results(measurements, cores)).join('\n');

  it('who uses the cores at the highest rate, and whether they are the limit beyond it', () => {
    const used = (rps: number, p95: number, machine: number) => ({
      ...at('highest', rps, latency(p95)),
      values: {
        'cpu.machine': machine,
        'cpu.logistics': 0.4,
        'cpu.gateway': 0.7,
        'cpu.redis': 0.01,
      },
    });
    const full = told([used(200, 90, 1.5), used(250, 400, 1.9)], 2);
    expect(full).toContain(
      'At 200 of the mix, the highest that held, 1.50 of 2 cores are busy (gateway 0.70, logistics 0.40).',
    );
    expect(full).toMatch(
      /At 250, which did not hold in 1 of 1 runs, the p95 is 400 ms.*cores are the limit/,
    );
    expect(told([used(200, 90, 1.5), used(250, 400, 1.6)], 2)).toContain(
      'something else is the limit',
    );
    expect(told([used(200, 90, 1.5)], 2)).not.toContain('did not hold');
  });

  it('the event loop that is full, and whether it waits for a core', () => {
    const broke = (eventLoop: number, cores: number) => ({
      ...at('highest', 200, latency(400)),
      values: {
        'cpu.machine': 1.7,
        'cpu.gateway': cores,
        'eventLoop.gateway': eventLoop,
        'eventLoop.product': 0.6,
      },
    });
    const below = at('highest', 150, latency(90));
    expect(told([below, broke(0.84, 0.34)], 2)).toContain(
      'the event loop of gateway is busy 84 % of the time, with 0.34 of a core',
    );
    expect(told([below, broke(0.95, 0.92)], 2)).toContain(
      'busy 95 % of the time, and is the limit',
    );
    expect(told([below, broke(0.7, 0.3)], 2)).toContain('something else is the limit');
  });

  it('a rate that was measured, where two runs found different ones', () => {
    const runs = [1, 2].flatMap((run) =>
      [200, 250].map((rps) =>
        at('highest', rps, { run, ...latency(rps > 150 + 50 * run ? 300 : 90) }),
      ),
    );
    expect(told(runs)).toContain('At 200 of the mix');
    expect(told(runs)).toContain('At 250, which did not hold in 1 of 2 runs');
  });

  it('where the gain of replicas ends, and whether it is for want of cores', () => {
    const measured = (busy: number) =>
      [100, 60, 59, 61].map((p95, index) => ({
        ...at('replicas', 300, { replicas: index + 1, ...latency(p95) }),
        values: { 'cpu.machine': busy },
      }));
    expect(told(measured(1.95), 2)).toContain('the gain ends at 2 replicas; the machine is full');
    expect(told(measured(1.95), 8)).toContain('the gain ends at 2 replicas; cores are left');
    const gaining = measured(1).slice(0, 2);
    expect(told(gaining, 2)).toContain('each replica still gains');
  });
});
