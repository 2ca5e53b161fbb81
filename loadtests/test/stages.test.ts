import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fdjStages, secondsOfStages, spikeStages } from '../scenarios/lib/stages.ts';

const DEFAULTS = { initial: 5, additional: 5, additionalPerSecond: 5, stageSeconds: 60, max: 20 };

describe('the profile of FDJ', () => {
  it('takes 248 s by default: four flat minutes, and ramps of five users a second', () => {
    const stages = fdjStages(DEFAULTS);
    expect(secondsOfStages(stages)).toBe(248);
    expect(stages.map(({ duration, target }) => `${duration} ${target}`)).toEqual([
      '1s 5',
      '60s 5',
      '1s 10',
      '60s 10',
      '1s 15',
      '60s 15',
      '1s 20',
      '60s 20',
      '4s 0',
    ]);
  });

  it('needs users divided by users a second for a ramp', () => {
    const stages = fdjStages({ ...DEFAULTS, additional: 10, additionalPerSecond: 2, max: 15 });
    expect(stages.map(({ duration }) => duration)).toEqual(['2.5s', '60s', '5s', '60s', '7.5s']);
  });

  it('reaches the initial users even above the most', () => {
    const stages = fdjStages({ ...DEFAULTS, initial: 30 });
    expect(stages.map(({ target }) => target)).toEqual([30, 30, 0]);
  });

  it('never has more than the most but at first, ends with none, and stays on each level', () => {
    const few = fc.integer({ min: 1, max: 50 });
    const users = fc.record({
      initial: few,
      additional: few,
      additionalPerSecond: few,
      stageSeconds: few,
      max: few,
    });
    fc.assert(
      fc.property(users, (given) => {
        const stages = fdjStages(given);
        const targets = stages.map(({ target }) => target);
        expect(targets.at(-1)).toBe(0);
        expect(Math.max(...targets)).toBe(Math.max(given.initial, given.max));
        for (const [index, { duration, target }] of stages.entries()) {
          const from = stages[index - 1]?.target ?? 0;
          const expected =
            from === target
              ? given.stageSeconds
              : Math.abs(target - from) / given.additionalPerSecond;
          expect(Number.parseFloat(duration)).toBeCloseTo(expected);
        }
      }),
    );
  });
});

describe('a spike', () => {
  it('is up within a second and takes the time that was asked for', () => {
    const stages = spikeStages(20, 100, 60);
    expect(secondsOfStages(stages)).toBeCloseTo(60);
    expect(stages.map(({ target }) => target)).toEqual([20, 100, 100, 20, 20]);
    expect(stages[1]?.duration).toBe('1s');
    expect(secondsOfStages(spikeStages(1, 5, 1))).toBeCloseTo(1);
  });
});
