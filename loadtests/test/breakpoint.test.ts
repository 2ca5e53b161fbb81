import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBreakpoint } from '../src/k6/breakpoint.ts';
import type { ScenarioResult } from '../src/k6/result.ts';

/** What a machine that bears so much tells at a rate. */
function at(rps: number, bears: number): ScenarioResult {
  const ok = rps <= bears;
  const thresholds = [{ metric: 'http_req_duration', expression: 'p(95)<=250', ok }];
  return { scenario: 'lab4', requests: rps, thresholds } as unknown as ScenarioResult;
}

describe('the search for the highest rate', () => {
  it('ends within a twentieth of what the machine bears, wherever it begins', async () => {
    const rate = fc.integer({ min: 1, max: 5_000 });
    await fc.assert(
      fc.asyncProperty(rate, rate, async (bears, from) => {
        const { highest, broke } = await findBreakpoint({
          from,
          atMost: 100_000,
          measure: async (rps) => at(rps, bears),
        });
        const held = highest?.rps ?? 0;
        const lost = broke?.rps ?? Infinity;
        expect(held).toBeLessThanOrEqual(bears);
        expect(lost).toBeGreaterThan(bears);
        expect(lost - held === 1 || lost / held <= 1.05).toBe(true);
      }),
    );
  });

  it('tries a rate that breaks once more before it counts', async () => {
    let hiccups = 1;
    const { highest, steps } = await findBreakpoint({
      from: 40,
      atMost: 80,
      measure: async (rps) => at(rps, hiccups-- > 0 ? 0 : 100),
    });
    expect(steps.map(({ rps, ok }) => [rps, ok])).toEqual([
      [40, false],
      [40, true],
      [80, true],
    ]);
    expect(highest?.rps).toBe(80);
  });

  it('finds none where not even one a second is borne', async () => {
    const search = { from: 4, atMost: 100, measure: async (rps: number) => at(rps, 0) };
    const { highest, broke } = await findBreakpoint(search);
    expect(highest).toBeUndefined();
    expect(broke?.rps).toBe(1);
  });
});
