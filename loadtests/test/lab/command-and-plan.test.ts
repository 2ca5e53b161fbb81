import { describe, expect, it } from 'vitest';
import type { Lab, Step } from '../../src/lab/lab.ts';
import { readCommand } from '../../src/lab/options.ts';
import { planOf } from '../../src/lab/plan.ts';
import { labs } from '../../src/labs/index.ts';
import { drawChart } from '../../src/report/draw-chart.ts';
import { tableText } from '../../src/report/markdown.ts';
import { createResults } from '../../src/report/results.ts';
import { recordedLab } from '../support/recorded.ts';

const read = (...args: readonly string[]) => readCommand(args, [recordedLab]);

describe('the command line of labs', () => {
  it('reads a lab and its options', () => {
    const options = ['--quick', '--only', 'a,b', '--duration', '2m', '--runs', '5', '--keep'];
    expect(read('recorded', ...options, '--compare', 'latest')).toMatchObject({
      lab: recordedLab,
      quick: true,
      only: ['a', 'b'],
      seconds: 120,
      runs: 5,
      keep: true,
      compare: 'latest',
    });
  });

  it.each([
    [[], /Which lab\?.*recorded/],
    [['nothing'], /no lab "nothing": there are recorded/],
    [['recorded', 'other'], /One lab at a time/],
    [['recorded', '--fast'], /--fast.*--help/],
    [['recorded', '--runs', '0'], /--runs is "0", expected 1 to 20/],
    [['recorded', '--runs', 'x'], /--runs is "x"/],
    [['recorded', '--duration', '0'], /--duration is "0", expected 5s to 60m/],
    [['recorded', '--duration', 'long'], /--duration is "long"/],
    [['recorded', '--standalone'], /needs containers/],
  ])('refuses %j in one line', (args, message) => {
    expect(() => read(...args)).toThrow(message);
    try {
      read(...args);
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 2 });
      expect((error as Error).message).not.toContain('\n');
    }
  });

  it('lists labs with what they ask, and tells the options', () => {
    expect(read('--list')).toContain(recordedLab.question);
    expect(read('--help')).toContain('--merge');
  });
});

describe('what a step waits for', () => {
  it('is in the estimate', () => {
    const async = labs.find(({ name }) => name === 'async');
    const steps = async?.steps({ quick: false, standalone: false }) ?? [];
    const waits = steps.map(({ waitSeconds = 0 }) => waitSeconds);
    const without = steps.map((step) => ({ ...step, waitSeconds: 0 }));
    const estimate = (of: typeof steps) =>
      planOf(
        { ...recordedLab, parts: { peak: '' }, steps: () => of },
        { quick: false, standalone: false, only: [], runs: 2 },
      ).seconds;
    expect(waits[0]).toBe(40);
    expect(estimate(steps) - estimate(without)).toBeCloseTo(2 * waits.reduce((a, b) => a + b, 0));
  });
});

describe('a first warm-up', () => {
  const [step] =
    labs.find(({ name }) => name === 'lab4')?.steps({ quick: false, standalone: false }) ?? [];
  const other = step && { ...step.configuration, name: 'other' };
  const lab = (first?: number): Lab => ({
    ...recordedLab,
    parts: { replicas: '' },
    ...(first !== undefined && { firstWarmUpSeconds: first }),
    steps: () =>
      [step, step, other && { ...step, configuration: other }].filter((each) => each !== undefined),
  });
  const wishes = { quick: false, standalone: false, only: [], runs: 2 };

  it('is once a configuration longer, and the estimate knows', () => {
    const usual = planOf(lab(), wishes);
    expect(planOf(lab(30), wishes).seconds).toBe(usual.seconds + 2 * (30 - 10));
    expect(planOf(lab(30), { ...wishes, quick: true }).seconds).toBe(
      planOf(lab(), { ...wishes, quick: true }).seconds,
    );
  });
});

const keyOf = ({ part, configuration, load }: Step) =>
  `${part}, ${configuration.name}, ${load.title}`;

describe.each(labs.map((lab) => [lab.name, lab] as const))('the plan of %s', (_name, lab) => {
  const wishes = { quick: false, standalone: false, only: [] };

  it('measures each step as often as it should, one configuration after the other', () => {
    const plan = planOf(lab, wishes);
    const steps = plan.groups.flatMap((group) => group.steps);
    expect(steps.map(({ step }) => keyOf(step))).toEqual(lab.steps(wishes).map(keyOf));
    expect(plan.measurements).toBe(steps.reduce((sum, { runs }) => sum + runs, 0));
    const names = plan.groups.map(({ configuration }) => configuration.name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has only parts that it tells of, each of which can be run alone', () => {
    const parts = new Set(lab.steps(wishes).map(({ part }) => part));
    expect([...parts].toSorted()).toEqual(Object.keys(lab.parts).toSorted());
    for (const part of parts) {
      const plan = planOf(lab, { ...wishes, only: [part] });
      const chosen = plan.groups.flatMap(({ steps }) => steps.map(({ step }) => step.part));
      expect(new Set(chosen)).toEqual(new Set([part]));
    }
  });

  it('can run one configuration alone, and one part of it', () => {
    const [step] = lab.steps(wishes);
    const name = step?.configuration.name ?? '';
    // A name that is both is that of the part.
    if (name in lab.parts) return;
    const alone = planOf(lab, { ...wishes, only: [name] });
    expect(alone.groups.map(({ configuration }) => configuration.name)).toEqual([name]);
    const narrowed = planOf(lab, { ...wishes, only: [name, step?.part ?? ''] });
    const chosen = narrowed.groups.flatMap(({ steps }) => steps);
    expect(chosen.length).toBeGreaterThan(0);
    for (const each of chosen) {
      expect(each.step).toMatchObject({ part: step?.part, configuration: { name } });
    }
  });

  it('tells steps apart by part, configuration and load', () => {
    const keys = lab.steps(wishes).map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is shorter when it is to be quick', () => {
    expect(planOf(lab, { ...wishes, quick: true }).seconds).toBeLessThan(
      planOf(lab, wishes).seconds / 2,
    );
  });

  it('takes the wishes for seconds and repetitions', () => {
    const plan = planOf(lab, { ...wishes, runs: 2, seconds: 7 });
    const steps = plan.groups.flatMap((group) => group.steps);
    expect(steps.every(({ runs }) => runs === 2)).toBe(true);
    const timed = steps.filter(({ step: { load } }) => !('probe' in load) && !load.seconds);
    expect(timed.every(({ seconds }) => seconds === 7)).toBe(true);
  });

  it('refuses a part that it does not have', () => {
    expect(() => planOf(lab, { ...wishes, only: ['nothing'] })).toThrow(/no part .*"nothing"/);
  });

  it('makes a report of nothing at all', () => {
    const results = createResults([], { quick: false, titles: {} });
    for (const bar of lab.bars(results)) expect(bar.met).toBeUndefined();
    expect(lab.findings(results)).toEqual([]);
    expect(lab.tables(results).map(tableText).join()).not.toMatch(/NaN|undefined|Infinity/);
    for (const chart of lab.charts(results)) expect(drawChart(chart)).not.toContain('NaN');
  });
});
