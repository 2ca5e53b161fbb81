import { describe, expect, it } from 'vitest';
import type { Measurement, Running } from '../../src/lab/lab.ts';
import { planOf } from '../../src/lab/plan.ts';
import { async } from '../../src/labs/async.ts';
import { createResults } from '../../src/report/results.ts';
import { measurement, scenarioResult } from '../support/recorded.ts';

interface Peak {
  readonly workers?: number;
  readonly run?: number;
  readonly accepted?: number;
  readonly seconds?: number;
  readonly p99?: number;
  readonly values?: Readonly<Record<string, number>>;
}

function peak({ workers = 1, run = 1, accepted = 10_000, ...rest }: Peak = {}): Measurement {
  const { seconds = 10.2, p99 = 100, values = {} } = rest;
  return measurement({
    part: 'peak',
    configuration: `workers-${workers}`,
    load: '10,000 orders in 10 s',
    run,
    k6: scenarioResult({
      seconds,
      statuses: { '202': accepted },
      latency: { p50: 1, p95: 50, p99, max: 200 },
    }),
    values: { rows: 10_000, validated: 10_000, duplicates: 0, drainedSeconds: 40, ...values },
  });
}

const barOf = (what: RegExp, ...measurements: readonly Measurement[]) =>
  async
    .bars(createResults(measurements, { quick: false, titles: {} }))
    .find((bar) => what.test(bar.what));

describe('the bars of the peak', () => {
  it('all orders accepted: in every repetition, with any number of workers', () => {
    expect(barOf(/accepted/, peak(), peak({ run: 2 }))?.met).toBe(true);
    expect(barOf(/accepted/, peak(), peak({ run: 2, accepted: 9_999 }))?.met).toBe(false);
    expect(barOf(/accepted/, peak(), peak({ workers: 10, seconds: 15.5 }))?.met).toBe(false);
  });

  it('the median p99 of accepting counts, of the number of workers that it is highest with', () => {
    const runs = (workers: number, ...p99s: readonly number[]) =>
      p99s.map((p99, at) => peak({ workers, run: at + 1, p99 }));
    const one = runs(1, 90, 100, 900);
    expect(barOf(/p99/, ...one, ...runs(2, 90, 300, 900))?.met).toBe(true);
    expect(barOf(/p99/, ...one, ...runs(2, 90, 301, 900))?.met).toBe(false);
  });

  it('an order is lost when it was accepted and is not validated', () => {
    expect(barOf(/lost/, peak())).toMatchObject({ measured: '0', met: true });
    const waiting = peak({ run: 2, values: { validated: 9_998 } });
    expect(barOf(/lost/, peak(), waiting)).toMatchObject({ measured: '2', met: false });
  });

  it('one that was validated twice does not stand in for one that is lost', () => {
    const twice = peak({ values: { rows: 10_001, validated: 10_000, duplicates: 1 } });
    expect(barOf(/lost/, twice)).toMatchObject({ measured: '1', met: false });
  });

  it('drained: the median of the repetitions with one worker', () => {
    const slow = peak({ run: 2, values: { drainedSeconds: 130 } });
    expect(barOf(/drained/, peak(), slow, peak({ run: 3 }))?.met).toBe(true);
    expect(barOf(/drained/, slow)?.met).toBe(false);
    expect(barOf(/drained/, peak({ workers: 2 }))?.met).toBeUndefined();
  });

  it('a queue that was never drained misses the bar', () => {
    const { drainedSeconds: _gone, ...values } = peak({ values: { waiting: 3 } }).values;
    const never = { ...peak(), values };
    expect(barOf(/drained/, never)).toMatchObject({ measured: '∞ s', met: false });
  });
});

describe('the warm-up of the peak', () => {
  it('is a peak of its own for programs that were just started, at the same rate', () => {
    const { groups } = planOf(async, { quick: false, standalone: false, only: [] });
    for (const [step] of groups.map(({ steps }) => steps)) {
      expect(step).toMatchObject({ seconds: 10, firstWarmUpSeconds: 30, warmUpSeconds: 3 });
      expect(step?.step.load).toMatchObject({ options: { rps: 1_000 } });
    }
  });

  it('is decided on before the measurement begins', async () => {
    const waiting = ['7', '0'];
    const said: string[] = [];
    const [step] = async.steps({ quick: false, standalone: false });
    const running = { stack: { exec: async () => waiting.shift() } } as unknown as Running;
    const { signal } = new AbortController();
    await step?.prepare?.({ running, signal, say: (what) => void said.push(what) });
    expect(said).toEqual(['7 orders wait']);
    expect(waiting).toEqual([]);
  });
});
