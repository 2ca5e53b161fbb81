import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dashboardExpressions } from '../src/dashboards/expressions.ts';
import { dashboardFiles } from '../src/dashboards/files.ts';
import { DASHBOARDS } from '../src/dashboards/index.ts';
import { FOREIGN_METRICS, catalogueSeries } from '../src/dashboards/known-metrics.ts';
import { metricNames } from '../src/dashboards/metric-names.ts';
import { NEEDS } from '../src/dashboards/needs.ts';
import { RULE_NEEDS } from '../src/dashboards/rule-needs.ts';
import { prometheusRules } from '../src/dashboards/rule-files.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const expressions = dashboardExpressions();
const rules = prometheusRules(root);
const panels = DASHBOARDS.flatMap(({ uid, rows }) =>
  rows.flatMap((row) => row.panels.map((panel) => ({ where: `${uid} > ${panel.title}`, panel }))),
);

interface JsonPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { x: number; y: number; w: number; h: number };
  readonly targets?: readonly { refId: string; expr: string; legendFormat: string }[];
}
interface JsonDashboard {
  readonly uid: string;
  readonly editable: boolean;
  readonly panels: readonly JsonPanel[];
  readonly annotations: { list: { expr?: string }[] };
  readonly templating: { list: { name: string; definition: string }[] };
}

describe('grafana/dashboards', () => {
  it('is what npm run generate writes, and nothing else', async () => {
    const files = await dashboardFiles(root);
    for (const { path, text } of files) {
      const committed = await readFile(join(root, path), 'utf8');
      expect(committed, `${path} is out of date; run npm run generate`).toBe(text);
    }
    const present = await readdir(join(root, 'grafana/dashboards'));
    expect(present.map((name) => `grafana/dashboards/${name}`).toSorted()).toEqual(
      files.map(({ path }) => path).toSorted(),
    );
  });

  it('cannot be edited in Grafana, whose provisioning takes them from the files alone', async () => {
    for (const { text } of await dashboardFiles(root)) {
      expect(JSON.parse(text)).toMatchObject({ editable: false, schemaVersion: 41 });
    }
    const provisioning = join(root, 'grafana/provisioning');
    const { providers } = parse(
      await readFile(join(provisioning, 'dashboards/files.yaml'), 'utf8'),
    ) as { providers: object[] };
    expect(providers).toMatchObject([{ allowUiUpdates: false, disableDeletion: true }]);
    const { datasources } = parse(
      await readFile(join(provisioning, 'datasources/prometheus.yaml'), 'utf8'),
    ) as { datasources: object[] };
    expect(datasources).toMatchObject([{ uid: 'prometheus', editable: false }]);
  });

  it('has every expression of the definitions, with ids that no two panels share', async () => {
    const dashboards = (await dashboardFiles(root)).map(
      ({ text }) => JSON.parse(text) as JsonDashboard,
    );
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(DASHBOARDS.length);
    const written: string[] = [];
    for (const { uid, panels, annotations, templating } of dashboards) {
      expect(new Set(panels.map(({ id }) => id)).size, uid).toBe(panels.length);
      for (const { name, definition } of templating.list) {
        written.push(`${uid} > $${name}: ${definition}`);
      }
      for (const { expr } of annotations.list) if (expr) written.push(expr);
      for (const { title, targets = [] } of panels) {
        for (const { refId, expr } of targets)
          written.push(`${uid} > ${title} > ${refId}: ${expr}`);
      }
    }
    const defined = expressions.map(({ where, expr }) =>
      where.includes('> annotation ') ? expr : `${where}: ${expr}`,
    );
    expect(written.toSorted()).toEqual(defined.toSorted());
  });

  it('has no two panels in one place, and none beside the grid', async () => {
    for (const { path, text } of await dashboardFiles(root)) {
      const taken = new Set<string>();
      for (const { title, gridPos } of (JSON.parse(text) as JsonDashboard).panels) {
        const { x, y, w, h } = gridPos;
        expect(x + w, `${path} > ${title}`).toBeLessThanOrEqual(24);
        for (let column = x; column < x + w; column += 1) {
          for (let line = y; line < y + h; line += 1) {
            const cell = `${column},${line}`;
            expect(taken.has(cell), `${path} > ${title} lies on another panel`).toBe(false);
            taken.add(cell);
          }
        }
      }
    }
  });
});

describe('a panel', () => {
  it('has a description, a unit and legends that differ', () => {
    for (const { where, panel } of panels) {
      expect(panel.description, where).toMatch(/^\S.{14,}[.?!]$/s);
      expect(panel.unit, where).not.toBe('');
      const legends = panel.queries.map(({ legend }) => legend);
      expect(legends, where).not.toContain('');
      expect(new Set(legends).size, `${where}: ${legends.join(', ')}`).toBe(legends.length);
    }
  });

  it('has a title of its own on its dashboard', () => {
    const places = panels.map(({ where }) => where);
    expect(places.filter((where, index) => places.indexOf(where) !== index)).toEqual([]);
  });

  it('names in its legend only labels that its expression keeps', () => {
    for (const { where, panel } of panels) {
      for (const { expr, legend } of panel.queries) {
        const labels = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
        const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
          list.split(', '),
        );
        expect(kept, where).toEqual(expect.arrayContaining(labels));
      }
    }
  });

  it('asks for exemplars on every percentile of HTTP requests over time', () => {
    const without = panels
      .filter(({ panel }) => panel.kind === 'timeseries')
      .flatMap(({ where, panel }) => panel.queries.map((query) => ({ where, ...query })))
      .filter(({ expr }) => /histogram_quantile\(.*http_\w+_request_duration/.test(expr))
      .filter(({ exemplars }) => exemplars !== true);
    expect(without).toEqual([]);
  });
});

describe('an expression', () => {
  const all = [
    ...expressions.map(({ where, expr }) => ({ where, expr })),
    ...rules.map(({ file, name, expr }) => ({ where: `${file} > ${name}`, expr })),
  ];

  it('asks for metrics of the catalogue, of an exporter, or of a recording rule', () => {
    const recorded = rules.filter(({ kind }) => kind === 'record').map(({ name }) => name);
    const known = new Set([
      ...catalogueSeries(),
      ...Object.values(FOREIGN_METRICS).flat(),
      ...recorded,
    ]);
    const unknown = all.flatMap(({ where, expr }) => {
      const [, series = expr] = /^label_values\((.*),\s*\w+\)$/.exec(expr) ?? [];
      const names = [...metricNames(series)];
      expect(names.length, `${where} asks for no metric`).toBeGreaterThan(0);
      return names.filter((name) => !known.has(name)).map((name) => `${where}: ${name}`);
    });
    expect(unknown).toEqual([]);
  });

  it('takes a percentile from buckets summed over replicas and never averages one', () => {
    for (const { where, expr } of all) {
      for (const [call] of expr.matchAll(/histogram_quantile\(.*/gs)) {
        // k6 sends native histograms, which have no buckets by `le`.
        if (/^histogram_quantile\([\d.]+, sum\(rate\(k6_\w+\[/.test(call)) continue;
        const [, recorded] = /^histogram_quantile\([\d.]+, ([\w:]+)\)/.exec(call) ?? [];
        const summed = rules.find(({ name }) => name === recorded)?.expr ?? call;
        expect(summed, where).toMatch(
          /^(histogram_quantile\(\s*[\d.]+,\s*)?sum by \(([\w:]+, )*le\)/,
        );
      }
      expect(expr, where).not.toMatch(
        /avg(_over_time)?\s*(by \([^)]*\))?\s*\(\s*histogram_quantile/,
      );
    }
  });

  it('that needs more than traffic names a need of the list, and each need has one', () => {
    const named = new Set(expressions.map(({ needs }) => needs).filter(Boolean));
    expect([...named].toSorted()).toEqual(Object.keys(NEEDS).toSorted());
  });

  it('of a rule that needs more than traffic belongs to a rule that is there', () => {
    const names = rules.map(({ name }) => name);
    expect(Object.keys(RULE_NEEDS).filter((name) => !names.includes(name))).toEqual([]);
  });

  it('is not asked for of an exporter in vain: each foreign metric is used', () => {
    const used = new Set(all.flatMap(({ expr }) => [...metricNames(expr)]));
    const unused = Object.values(FOREIGN_METRICS)
      .flat()
      .filter((name) => !used.has(name));
    expect(unused).toEqual([]);
  });
});

describe('the metrics of an expression', () => {
  it.each([
    ['sum by (job) (rate(a_total{x="b_total"}[5m])) / on (job) c', ['a_total', 'c']],
    ['histogram_quantile(0.95, sum by (le) (rate(d_bucket[$__rate_interval])))', ['d_bucket']],
    ['up == 1 unless up offset 5m', ['up']],
    ['max_over_time(count(up)[1h:5s]) > count(e{a="}"}) or vector(0)', ['up', 'e']],
    ['job:errors:ratio_rate5m > (14.4 * 0.001) and ALERTS', ['job:errors:ratio_rate5m', 'ALERTS']],
    ['label_replace(f, "service", "$1", "job", "(.+)") * 1e3', ['f']],
    ['count by (job) (g) > bool 0 * count by (job) (g offset $__interval)', ['g']],
  ])('%s', (expr, names) => {
    expect([...metricNames(expr)]).toEqual(names);
  });
});
