import type { Exemplar, Prometheus, Series, TimeRange } from '../asking/prometheus.ts';
import { stepOf, substitute } from '../asking/substitution.ts';
import type { DrawnDashboard, DrawnPanel, DrawnTarget } from './dashboard-file.ts';

export interface NamedSeries extends Series {
  readonly name: string;
}

/** What Prometheus told of one panel. */
export interface PanelData {
  readonly range: TimeRange;
  readonly stepSeconds: number;
  /** For each query of the panel, in their order. */
  readonly results: readonly { readonly target: DrawnTarget; readonly series: NamedSeries[] }[];
  readonly exemplars: readonly Exemplar[];
}

/** Something that happened to the platform, to be marked on every panel. */
export interface Mark {
  readonly time: number;
  readonly text: string;
  readonly color: string;
}

export interface PanelQueries {
  readonly prometheus: Prometheus;
  readonly range: TimeRange;
  /** Of the dashboard's variables. */
  readonly values: Readonly<Record<string, string>>;
}

/** Runs every query of a panel, over the range or, for a table, at its end. */
export async function panelData(
  { prometheus, range, values }: PanelQueries,
  panel: DrawnPanel,
): Promise<PanelData> {
  const stepSeconds = stepOf(range);
  const results: PanelData['results'][number][] = [];
  const exemplars: Exemplar[] = [];
  for (const target of panel.targets ?? []) {
    const rangeSeconds = range.to - range.from;
    const expr = substitute(target.expr, { values, stepSeconds, rangeSeconds });
    const series =
      panel.type === 'table'
        ? await prometheus.instant(expr, range.to)
        : await prometheus.range(expr, range, stepSeconds);
    const named = series.map((one) => ({
      ...one,
      name: legendOf(target.legendFormat, one.labels),
    }));
    results.push({ target, series: named });
    if (target.exemplar) {
      exemplars.push(...slowest(await prometheus.exemplars(expr, range), stepSeconds));
    }
  }
  return { range, stepSeconds, results, exemplars };
}

/** One of each step: Grafana thins them out as well. */
function slowest(exemplars: readonly Exemplar[], stepSeconds: number): Exemplar[] {
  const kept = new Map<number, Exemplar>();
  for (const exemplar of exemplars) {
    const step = Math.floor(exemplar.time / stepSeconds);
    if (!(exemplar.value <= (kept.get(step)?.value ?? -Infinity))) kept.set(step, exemplar);
  }
  return [...kept.values()];
}

/** The moments at which the dashboard's annotations begin. */
export async function marks(
  { prometheus, range, values }: PanelQueries,
  { annotations }: DrawnDashboard,
): Promise<Mark[]> {
  const stepSeconds = Math.max(stepOf(range), 10);
  const found: Mark[] = [];
  for (const { expr, textFormat = '', iconColor } of annotations.list) {
    if (expr === undefined) continue;
    const substitutes = { values, stepSeconds, rangeSeconds: range.to - range.from };
    const asked = await prometheus.range(substitute(expr, substitutes), range, stepSeconds);
    for (const { labels, points } of asked) {
      let last = -Infinity;
      for (const [time, value] of points) {
        if (!(value > 0)) continue;
        if (time - last > stepSeconds) {
          found.push({ time, text: legendOf(textFormat, labels), color: iconColor });
        }
        last = time;
      }
    }
  }
  return found.toSorted((a, b) => a.time - b.time);
}

function legendOf(format: string, labels: Series['labels']): string {
  return format.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? '');
}
