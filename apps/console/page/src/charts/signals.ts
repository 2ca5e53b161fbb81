import type { Service, Snapshot } from '../../../src/snapshot.ts';
import { el } from '../dom.ts';
import { createFormat } from '../format.ts';
import type { Format } from '../format.ts';
import type { Measure, Timeline, Values } from '../timeline.ts';
import { createChart } from './chart.ts';
import type { Chart } from './chart.ts';
import { lineStyle } from './palette.ts';
import { createServicePicker } from './service-picker.ts';

/** What one chart shows; for all services at once, one line a service. */
interface Signal {
  readonly id: string;
  readonly title: string;
  readonly subtitle: { readonly one: string; readonly all: string };
  readonly lines: readonly { readonly label: string; readonly measure: Measure }[];
  /** Whose value is the headline of one service: an index of `lines`, or the highest. */
  readonly headline: number | 'highest';
  readonly leastTop: number;
  readonly format: (format: Format) => (value: number | null) => string;
}

const SIGNALS: readonly Signal[] = [
  {
    id: 'latency',
    title: 'Latency',
    subtitle: { one: 'Quantiles of the answers’ time', all: '95th percentile' },
    lines: [
      { label: 'p50', measure: 'p50' },
      { label: 'p95', measure: 'p95' },
      { label: 'p99', measure: 'p99' },
    ],
    headline: 1,
    leastTop: 0.01,
    format: (format) => format.duration,
  },
  {
    id: 'traffic',
    title: 'Traffic',
    subtitle: { one: 'Requests a second', all: 'Requests a second' },
    lines: [{ label: 'requests', measure: 'rps' }],
    headline: 0,
    leastTop: 5,
    format: (format) => format.rate,
  },
  {
    id: 'errors',
    title: 'Errors',
    subtitle: { one: 'Share of answers that are 5xx', all: 'Share of answers that are 5xx' },
    lines: [{ label: '5xx', measure: 'errorRatio' }],
    headline: 0,
    leastTop: 0.01,
    format: (format) => format.percent,
  },
  {
    id: 'saturation',
    title: 'Saturation',
    subtitle: {
      one: 'Of a core, the event loop and the database connections',
      all: 'The fullest of core, event loop and database connections',
    },
    lines: [
      { label: 'CPU', measure: 'cpu' },
      { label: 'event loop', measure: 'eventLoop' },
      { label: 'connections', measure: 'pool' },
    ],
    headline: 'highest',
    leastTop: 1,
    format: (format) => format.percent,
  },
];

export interface SignalsView {
  readonly root: HTMLElement;
  /** @param now seconds since 1970: the right edge of the charts */
  update(snapshot: Snapshot, now: number): void;
  recolor(): void;
  select(service: string): void;
}

/** The four golden signals of one service, or of all services side by side. */
export function createSignals(timeline: Timeline, format: Format): SignalsView {
  const ticks = createFormat({ pad: false });
  const charts = SIGNALS.map((signal) => ({
    signal,
    chart: createChart({
      ...signal,
      format,
      formatValue: signal.format(format),
      formatTick: signal.format(ticks),
    }),
  }));
  const picker = createServicePicker(() => {
    if (latest) show(...latest);
  });
  let latest: [Snapshot, number] | undefined;
  /** The lines that the charts have been made for. */
  let drawn = '';

  const root = el(
    'section',
    { 'aria-labelledby': 'signals-title', class: 'signals' },
    el(
      'header',
      { class: 'section-head' },
      el('h2', { id: 'signals-title' }, 'Golden signals'),
      picker.root,
    ),
    el('div', { class: 'charts' }, ...charts.map(({ chart }) => chart.root)),
  );

  function show(snapshot: Snapshot, now: number): void {
    latest = [snapshot, now];
    const names = snapshot.services.map(({ name }) => name);
    picker.update(names);
    const service = snapshot.services.find(({ name }) => name === picker.selected());
    const wanted = service?.name ?? `all of ${names.join(' ')}`;
    for (const { signal, chart } of charts) {
      if (wanted !== drawn) setLines(signal, chart, service, names);
      const values = service
        ? signal.lines.map(({ measure }) => timeline.values(service.name, measure))
        : names.map((name) => overview(signal, name));
      chart.update({
        times: timeline.times,
        values,
        gaps: timeline.gaps(now),
        shown: [now - timeline.windowSeconds, now],
        headline: headlineOf(signal, values, service, names),
      });
    }
    drawn = wanted;
  }

  /** One line for a service: its p95, or the fullest of what it may run out of. */
  function overview(signal: Signal, name: string): Values {
    if (signal.id === 'latency') return timeline.values(name, 'p95');
    const all = signal.lines.map(({ measure }) => timeline.values(name, measure));
    return timeline.times.map((_time, index) =>
      highest(all.map((values) => values[index] ?? null)),
    );
  }

  return {
    root,
    update: show,
    recolor: () => charts.forEach(({ chart }) => chart.recolor()),
    select(service) {
      picker.select(service);
      if (latest) show(...latest);
    },
  };
}

function setLines(
  { subtitle, lines }: Signal,
  chart: Chart,
  service: Service | undefined,
  names: readonly string[],
): void {
  if (service) {
    chart.setLines(
      subtitle.one,
      lines.map(({ label }, index) => ({ label, style: lineStyle(index) })),
    );
  } else {
    chart.setLines(
      subtitle.all,
      names.map((label, index) => ({ label, style: lineStyle(index) })),
    );
  }
}

/** Of all services, the first is the one that the clients meet; saturated is who is fullest. */
function headlineOf(
  { headline, lines }: Signal,
  values: readonly Values[],
  service: Service | undefined,
  names: readonly string[],
): { value: number | null; label: string } {
  const now = values.map((line) => line.at(-1) ?? null);
  const labels = service ? lines.map(({ label }) => label) : names;
  const most = highest(now);
  const found = headline === 'highest' ? Math.max(0, now.indexOf(most)) : service ? headline : 0;
  return { value: now[found] ?? null, label: labels[found] ?? '' };
}

function highest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? Math.max(...known) : null;
}
