import { describe, expect, it } from 'vitest';
import type { BarChart, LineChart } from '../../src/report/chart.ts';
import { drawChart } from '../../src/report/draw-chart.ts';
import { createScale } from '../../src/report/scale.ts';
import { elementsOf } from '../support/xml.ts';

const lines: LineChart = {
  kind: 'lines',
  name: 'latency',
  title: 'Latency & "load" <1>',
  x: { title: 'load', unit: '1/s' },
  y: { title: 'p95', unit: 'ms' },
  series: [
    {
      name: 'one <b>',
      points: [
        [0, 0],
        [50, 20],
        [100, 40],
      ],
    },
    {
      name: 'two',
      points: [
        [0, 40],
        [50, Number.NaN],
        [100, 80],
      ],
      dashed: true,
    },
  ],
  marks: [{ x: 50, title: 'killed' }],
  levels: [{ y: 60, title: 'objective' }],
};

const bars: BarChart = {
  kind: 'bars',
  name: 'rates',
  title: 'Rates',
  y: { title: 'requests', unit: '1/s' },
  groups: ['before', 'after'],
  series: [
    { name: 'a', values: [10, 40] },
    { name: 'b', values: [Number.NaN, 20] },
  ],
};

const textsOf = (svg: string) =>
  elementsOf(svg)
    .filter(({ name }) => name === 'text')
    .map(({ text }) => text);

describe('a chart of lines', () => {
  const svg = drawChart(lines);
  const elements = elementsOf(svg);

  it('is well-formed, with names as they were given', () => {
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining([
        lines.title,
        'p95 (ms)',
        'load (1/s)',
        'one <b>',
        'two',
        'killed',
        'objective',
      ]),
    );
  });

  it('puts points where their values are', () => {
    const [first, ...others] = elements
      .filter(({ name, attributes }) => name === 'circle' && attributes.class?.includes('s0'))
      .map(({ attributes }) => [Number(attributes.cx), Number(attributes.cy)] as const);
    const [middle, last] = others;
    expect(others).toHaveLength(2);
    // Right of each other at equal distances, and higher (a smaller y) at equal distances.
    expect(middle![0] - first![0]).toBeCloseTo(last![0] - middle![0], 0);
    expect(first![1] - middle![1]).toBeCloseTo(middle![1] - last![1], 0);
    expect(first![1]).toBeGreaterThan(last![1]);
  });

  it('leaves a gap where a value is missing', () => {
    const dots = elements.filter(
      ({ name, attributes }) => name === 'circle' && attributes.class?.includes('s1'),
    );
    expect(dots).toHaveLength(2);
    const strokes = elements.filter(
      ({ name, attributes }) => name === 'polyline' && attributes.class?.includes('s1'),
    );
    expect(strokes).toHaveLength(0);
  });

  it('has colours for light and for dark', () => {
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg).not.toMatch(/https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
  });

  it('leaves out what a logarithm does not have', () => {
    const chart = { ...lines, y: { title: 'p95', unit: 'ms', logarithmic: true } };
    const drawn = drawChart(chart);
    expect(drawn).not.toContain('NaN');
    const dots = elementsOf(drawn).filter(
      ({ name, attributes }) => name === 'circle' && attributes.class?.includes('s0'),
    );
    expect(dots).toHaveLength(2);
  });
});

describe('a chart of bars', () => {
  const elements = elementsOf(drawChart(bars)).filter(
    ({ name, attributes }) => name === 'rect' && attributes.class?.startsWith('bar'),
  );

  it('draws a bar for each value that there is, as high as the value', () => {
    const heights = elements.map(({ attributes }) => Number(attributes.height));
    expect(heights).toHaveLength(3);
    expect(heights[1]! / heights[0]!).toBeCloseTo(4, 1);
    expect(heights[2]! / heights[0]!).toBeCloseTo(2, 1);
  });

  it('names its groups and values', () => {
    expect(textsOf(drawChart(bars))).toEqual(
      expect.arrayContaining(['before', 'after', '10', '40']),
    );
  });
});

describe('nothing to show', () => {
  it.each<[string, LineChart | BarChart]>([
    ['lines without series', { ...lines, series: [], marks: [], levels: [] }],
    ['a series without points', { ...lines, series: [{ name: 'none', points: [] }] }],
    ['one point', { ...lines, series: [{ name: 'one', points: [[3, 3]] }] }],
    [
      'only zeros',
      {
        ...lines,
        series: [
          {
            name: 'zeros',
            points: [
              [0, 0],
              [1, 0],
            ],
          },
        ],
        levels: [],
      },
    ],
    ['a logarithm of nothing', { ...lines, series: [], y: { ...lines.y, logarithmic: true } }],
    ['no groups', { ...bars, groups: [], series: [] }],
    [
      'bars that were not measured',
      { ...bars, series: [{ name: 'a', values: [Number.NaN, Number.NaN] }] },
    ],
  ])('%s: still a chart', (_what, chart) => {
    const svg = drawChart(chart);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(elementsOf(svg).at(0)?.name).toBe('svg');
  });
});

describe('the scale of an axis', () => {
  it('begins at 0, ends at a round number at or beyond the most, and has round numbers', () => {
    const scale = createScale({}, [3, 87], [0, 100]);
    expect(scale.ticks.map(({ value }) => value)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(scale.at(0)).toBe(0);
    expect(scale.at(100)).toBe(100);
  });

  it('has equal distances between powers when it is logarithmic', () => {
    const scale = createScale({ logarithmic: true }, [1, 1000], [0, 300]);
    expect(scale.at(10)).toBeCloseTo(100);
    expect(scale.at(100)).toBeCloseTo(200);
  });
});

it('closes every brace of its style sheet', () => {
  const style = /<style>([^]*?)<\/style>/.exec(drawChart(lines))?.[1] ?? '';
  expect(style.split('{').length).toBe(style.split('}').length);
});
