import { describe, expect, it } from 'vitest';
import type { Measurement } from '../../src/lab/lab.ts';
import { bars } from '../../src/labs/lab4/bars.ts';
import { findings } from '../../src/labs/lab4/findings.ts';
import { recoverySeconds } from '../../src/labs/lab4/objective.ts';
import { labSteps } from '../../src/labs/lab4/steps.ts';
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

function results(measurements: readonly Measurement[]) {
  return createResults(measurements, { quick: false, titles: {} });
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
    expect(barOf(slow, /at 30/)?.met).toBe(false);
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

  it('climbs', () => {
    const rates = steps.map(({ load }) => Number.parseInt(load.title, 10));
    expect(rates).toEqual(rates.toSorted((a, b) => a - b));
    expect(Math.max(...rates)).toBeGreaterThan(300);
    expect(skipped([at('highest', 200, latency(200))], 1)).toEqual([]);
  });

  it('ends in a repetition with the first rate that does not hold', () => {
    const failed = at('highest', 250, latency(251));
    expect(skipped([failed], 1)).toHaveLength(steps.length);
    expect(skipped([failed], 2)).toEqual([]);
    // Another part's failure ends nothing.
    expect(skipped([at('replicas', 300, latency(900))], 1)).toEqual([]);
  });
});

describe('what lab 4 tells', () => {
  it('that further replicas divide what there is, once the cores are busy', () => {
    const measured = [1, 2, 3].map((replicas) => ({
      ...at('replicas', 300, { replicas }),
      values: { 'cpu.machine': replicas === 1 ? 1.2 : 1.95 },
    }));
    expect(findings(results(measured)).join()).toContain('from 2 on the machine is full');
    const idle = measured.map((each) => ({ ...each, values: { 'cpu.machine': 1.1 } }));
    expect(findings(results(idle)).join()).not.toContain('full');
  });
});
