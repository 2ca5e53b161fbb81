import fc from 'fast-check';
import { Histogram as PromClientHistogram, Registry } from 'prom-client';
import type { Metric } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../src/histogram.ts';

const options = {
  name: 'work_seconds',
  help: 'Time of work.',
  labelNames: ['service', 'route'],
  buckets: [0.005, 0.1, 1, 10],
};

/** The same observations in prom-client's histogram and in ours, as a registry writes them. */
async function bothTexts(observations: readonly (readonly [string, number])[]) {
  const theirs = new Registry();
  const model = new PromClientHistogram({ ...options, registers: [theirs] });
  const ours = new Registry();
  const histogram = new Histogram(options);
  ours.registerMetric(histogram as unknown as Metric);
  for (const [route, value] of observations) {
    model.labels('user', route).observe(value);
    histogram.labels('user', route).observe(value);
  }
  return {
    texts: [await ours.metrics(), await theirs.metrics()],
    values: [await ours.getMetricsAsJSON(), await theirs.getMetricsAsJSON()],
  };
}

describe('our histogram', () => {
  it("writes what prom-client's writes, whatever it observes", async () => {
    const value = fc.oneof(
      fc.constantFrom(...options.buckets, 0, -1, 0.0050001),
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -20, max: 20 }),
    );
    const route = fc.constantFrom('/users/{id}', '/a"b\\c', '');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(route, value), { maxLength: 50 }), async (all) => {
        const { texts, values } = await bothTexts(all);
        expect(texts[0]).toBe(texts[1]);
        expect(sorted(values[0])).toEqual(sorted(values[1]));
      }),
    );
  });

  it('refuses what is no finite number', () => {
    const child = new Histogram(options).labels('user', '/x');
    for (const value of [NaN, Infinity, -Infinity]) {
      expect(() => child.observe(value)).toThrow(/finite number/);
    }
  });

  it('shows a child at 0 from the moment it is bound', async () => {
    const histogram = new Histogram(options);
    histogram.labels('user', '/x');
    const { values } = await histogram.get();
    expect(values).toHaveLength(options.buckets.length + 3);
    expect(values.every(({ value }) => value === 0)).toBe(true);
  });
});

/** JSON without undefined fields and without regard to the order of labels. */
function sorted(families: unknown): unknown {
  const text = JSON.stringify(families, (key, value: unknown) =>
    key === 'labels' ? Object.entries(value as object).sort() : (value ?? undefined),
  );
  return JSON.parse(text);
}
