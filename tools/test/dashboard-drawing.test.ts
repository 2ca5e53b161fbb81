import { describe, expect, it } from 'vitest';
import type { DrawnPanel } from '../src/dashboards/drawing/dashboard-file.ts';
import { drawPages } from '../src/dashboards/drawing/page.ts';
import type { PanelData } from '../src/dashboards/drawing/panel-data.ts';
import { ticks } from '../src/dashboards/drawing/scale.ts';
import { drawTimeSeries } from '../src/dashboards/drawing/time-series.ts';
import { formatValue } from '../src/dashboards/drawing/units.ts';
import { dashboardJson } from '../src/dashboards/dashboard-json.ts';
import { DASHBOARDS } from '../src/dashboards/index.ts';
import type { DrawnDashboard } from '../src/dashboards/drawing/dashboard-file.ts';

const dashboards = DASHBOARDS.map((dashboard) => dashboardJson(dashboard) as DrawnDashboard);
const panels = dashboards.flatMap((dashboard) => dashboard.panels);
const size = { width: 400, height: 200 };
const target = { refId: 'A', expr: 'x', legendFormat: 'x', exemplar: false };

function dataOf(...series: (readonly (readonly [number, number])[])[]): PanelData {
  const named = series.map((points, index) => ({ name: `s<${index}>`, labels: {}, points }));
  return {
    range: { from: 0, to: 100 },
    stepSeconds: 5,
    results: [{ target, series: named }],
    exemplars: [],
  };
}

const lineAt = (drawn: string) => [...drawn.matchAll(/<polyline points="([^"]*)"/g)];

describe('a drawn panel', () => {
  const panel = panels.find(({ type }) => type === 'timeseries') as DrawnPanel;
  const stacked = panels.find(
    ({ fieldConfig }) => fieldConfig?.defaults.custom?.stacking.mode === 'normal',
  ) as DrawnPanel;

  it('has a gap where samples lack or are no number, and not a line over it', () => {
    const whole = [0, 5, 10, 15, 20].map((time) => [time, 1] as const);
    expect(lineAt(drawTimeSeries(panel, dataOf(whole), [], size))).toHaveLength(1);
    const lacking = whole.filter(([time]) => time !== 10);
    expect(lineAt(drawTimeSeries(panel, dataOf(lacking), [], size))).toHaveLength(2);
    const broken = whole.map(([time, value]) => [time, time === 10 ? Number.NaN : value] as const);
    expect(lineAt(drawTimeSeries(panel, dataOf(broken), [], size))).toHaveLength(2);
  });

  it('lays series on each other only where the dashboard says so', () => {
    const flat = [0, 5].map((time) => [time, 4] as const);
    const heights = (drawn: string) =>
      lineAt(drawn).map(([, points = '']) => Number(points.split(' ')[0]?.split(',')[1]));
    const [one, other] = heights(drawTimeSeries(panel, dataOf(flat, flat), [], size));
    expect(other).toBe(one);
    const [lower = 0, upper = 0] = heights(drawTimeSeries(stacked, dataOf(flat, flat), [], size));
    expect(upper).toBeLessThan(lower);
  });
});

describe('a drawn dashboard', () => {
  it('has every panel on one of its pages, and says that no Grafana drew it', () => {
    for (const dashboard of dashboards) {
      const data = new Map(dashboard.panels.map((panel) => [panel, dataOf([[0, 1]])]));
      const pages = drawPages(dashboard, data, []);
      const html = pages.map((page) => page.html).join('');
      for (const page of pages) {
        expect(page.html).toContain(`grafana/dashboards/${dashboard.uid}.json`);
        expect(page.html).toContain('not by Grafana');
      }
      const titled = dashboard.panels.filter(({ title }) => html.includes(`>${title}</h`));
      expect(titled.map(({ title }) => title)).toEqual(dashboard.panels.map(({ title }) => title));
      expect(html).not.toContain('s<0>');
    }
  });

  it('says of a panel without data what it needs', () => {
    const [dashboard] = dashboards.filter(({ uid }) => uid === 'load-test');
    const data = new Map(dashboard?.panels.map((panel) => [panel, dataOf()]));
    const html = drawPages(dashboard as DrawnDashboard, data, []).map((page) => page.html);
    expect(html.join('')).toContain('Needs k6');
    expect(html.join('')).toContain('No data');
  });
});

describe('a value', () => {
  it.each([
    [0.000_25, 's', '250 µs'],
    [0.25, 's', '250 ms'],
    [150, 's', '2.5 min'],
    [123_456_789, 'bytes', '118 MiB'],
    [0.0012, 'percentunit', '0.12%'],
    [1234, 'reqps', '1.23K req/s'],
    [3, 'suffix: replicas', '3 replicas'],
    [Number.NaN, 's', '–'],
  ])('%d in %s is written as %s', (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });

  it('is on an axis of few round numbers that reaches it', () => {
    for (const unit of ['s', 'bytes', 'suffix: replicas']) {
      for (const most of [0.0007, 0.985, 1, 7.3, 96, 1000, 3e8]) {
        const values = ticks(most, unit);
        expect(values[0]).toBe(0);
        expect(values.at(-1)).toBeGreaterThanOrEqual(most * 0.999);
        expect(values.length).toBeLessThanOrEqual(9);
      }
    }
    expect(ticks(0.985, 's')).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(2, 'suffix: replicas')).toEqual([0, 1, 2]);
  });
});
