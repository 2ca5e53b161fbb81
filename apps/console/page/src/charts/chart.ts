import { el, setText } from '../dom.ts';
import type { Format } from '../format.ts';
import type { Gap, Values } from '../timeline.ts';
import { createDataTable } from './data-table.ts';
import { createLegend } from './legend.ts';
import type { LegendLine } from './legend.ts';
import { createPlot } from './plot.ts';
import type { Plot } from './plot.ts';

export interface ChartFrame {
  readonly times: readonly number[];
  /** One array for each line. */
  readonly values: readonly Values[];
  readonly gaps: readonly Gap[];
  /** Seconds since 1970 that are shown, first and last. */
  readonly shown: readonly [number, number];
  /** The one value that counts most at present, and whose it is. */
  readonly headline: { readonly value: number | null; readonly label: string };
}

export interface Chart {
  readonly root: HTMLElement;
  /** @param subtitle what is measured, with its unit */
  setLines(subtitle: string, lines: readonly LegendLine[]): void;
  update(frame: ChartFrame): void;
  recolor(): void;
}

/** A signal as moving lines, with what they say as text and as a table beside them. */
export function createChart(options: {
  readonly id: string;
  readonly title: string;
  readonly leastTop: number;
  readonly format: Format;
  readonly formatValue: (value: number | null) => string;
  /** For the labels of the axis. */
  readonly formatTick: (value: number) => string;
}): Chart {
  const { id, title, format, formatValue } = options;
  const formatTime = (seconds: number) => format.clock(seconds * 1000);
  const headline = el('strong', {});
  const headlineLabel = el('span', { class: 'subtitle' });
  const subtitle = el('p', { class: 'subtitle' });
  const host = el('div', { class: 'plot', role: 'img', 'aria-labelledby': `${id}-summary` });
  const summary = el('p', { class: 'visually-hidden', id: `${id}-summary` });
  const legend = createLegend();
  let measured = '';
  let lines: readonly LegendLine[] = [];
  let frame: ChartFrame = {
    times: [],
    values: [],
    gaps: [],
    shown: [0, 1],
    headline: { value: null, label: '' },
  };
  let cursor: number | null = null;
  let plot: Plot | undefined;

  const table = createDataTable({
    title,
    read: () => ({ times: frame.times, lines, values: frame.values }),
    formatValue,
    formatTime,
  });
  const root = el(
    'article',
    { class: 'chart', 'aria-labelledby': `${id}-title` },
    el(
      'header',
      {},
      el('h3', { id: `${id}-title` }, title),
      el('p', { class: 'headline' }, headline, ' ', headlineLabel),
    ),
    subtitle,
    host,
    summary,
    legend.root,
    table.root,
  );

  function showValues(): void {
    const texts = lines.map((_line, index) => formatValue(valueAt(frame.values[index], cursor)));
    legend.setValues(texts);
    const time = cursor === null ? undefined : frame.times[cursor];
    setText(subtitle, time === undefined ? measured : `at ${formatTime(time)}`);
    subtitle.classList.toggle('at-cursor', time !== undefined);
  }

  return {
    root,
    setLines(newSubtitle, newLines) {
      measured = newSubtitle;
      lines = newLines;
      plot?.close();
      legend.setLines(lines);
      plot = createPlot(host, {
        styles: lines.map(({ style }) => style),
        formatTick: options.formatTick,
        formatTime: (seconds) => format.minute(seconds * 1000),
        leastTop: options.leastTop,
        onCursor(index) {
          if (cursor === index) return;
          cursor = index;
          showValues();
        },
      });
    },
    update(newFrame) {
      frame = newFrame;
      plot?.draw(frame.times, frame.values, frame.gaps, frame.shown);
      showValues();
      const latest = lines.map((_line, index) => formatValue(valueAt(frame.values[index], null)));
      setText(headline, formatValue(frame.headline.value));
      setText(headlineLabel, frame.headline.label);
      setText(summary, describe(title, lines, latest, frame));
    },
    recolor: () => plot?.recolor(),
  };

  function describe(
    of: string,
    named: readonly LegendLine[],
    latest: readonly string[],
    { times, values }: ChartFrame,
  ): string {
    const parts = named.map(({ label }, index) => {
      const known = (values[index] ?? []).filter((value) => value !== null);
      if (known.length === 0) return `${label}: nothing measured`;
      const [least, most] = [Math.min(...known), Math.max(...known)].map(formatValue);
      return `${label}: now ${latest[index]}, between ${least} and ${most}`;
    });
    const minutes = Math.round(((times.at(-1) ?? 0) - (times[0] ?? 0)) / 60);
    return `${of}, the last ${Math.max(1, minutes)} min. ${parts.join('; ')}.`;
  }
}

/** The value at an index, or the last. */
function valueAt(values: Values | undefined, index: number | null): number | null {
  return values?.at(index ?? -1) ?? null;
}
