import { describe, expect, it } from 'vitest';
import { quantileOf } from '../src/sources/quantile.ts';
import { parseExposition } from '../src/sources/samples.ts';

const all = () => true;

describe('the text of /metrics', () => {
  it('is read with labels, whatever is in them', () => {
    const text = `# HELP a_total What.
# TYPE a_total counter
a_total{http_route="/users/{id}",quoted="say \\"hi\\", {x} 1"} 5
plain 1.5e3
big +Inf
none NaN
old{a="b"} 7 1700000000000
`;
    const found = parseExposition(text, all);
    expect(found.map(({ name, labels, value }) => ({ name, labels, value }))).toEqual([
      {
        name: 'a_total',
        labels: { http_route: '/users/{id}', quoted: 'say "hi", {x} 1' },
        value: 5,
      },
      { name: 'plain', labels: {}, value: 1500 },
      { name: 'big', labels: {}, value: Number.POSITIVE_INFINITY },
      { name: 'none', labels: {}, value: Number.NaN },
      { name: 'old', labels: { a: 'b' }, value: 7 },
    ]);
  });

  it('is read as OpenMetrics too, past exemplars', () => {
    const text = `a_bucket{le="0.1"} 3 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 0.05 1700000000.123
a_bucket{le="+Inf"} 4
# EOF`;
    expect(parseExposition(text, all).map(({ value }) => value)).toEqual([3, 4]);
  });

  it('is read for what is wanted alone', () => {
    const found = parseExposition('a 1\nab 2\na{b="c"} 3', (name) => name === 'a');
    expect(found.map(({ value }) => value)).toEqual([1, 3]);
  });
});

describe('a quantile of buckets', () => {
  const buckets = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([le, value]) => ({ labels: { le }, value }));

  it('is linear within its bucket, as Prometheus has it', () => {
    const half = buckets({ '1': 0, '2': 10, '+Inf': 10 });
    expect(quantileOf(0.5, half)).toBe(1.5);
    expect(quantileOf(0.9, half)).toBeCloseTo(1.9);
    expect(quantileOf(0.5, buckets({ '1': 10, '2': 10, '+Inf': 10 }))).toBe(0.5);
  });

  it('adds up the buckets of replicas, which no mean of their quantiles does', () => {
    const two = [
      ...buckets({ '1': 90, '2': 90, '+Inf': 90 }),
      ...buckets({ '1': 0, '2': 10, '+Inf': 10 }),
    ];
    expect(quantileOf(0.9, two)).toBe(1);
    expect(quantileOf(0.95, two)).toBe(1.5);
  });

  it('is the last bound beyond it, and nothing where there was nothing', () => {
    expect(quantileOf(0.99, buckets({ '1': 1, '+Inf': 10 }))).toBe(1);
    expect(quantileOf(0.5, buckets({ '1': 0, '+Inf': 0 }))).toBeNull();
    expect(quantileOf(0.5, [])).toBeNull();
  });
});
