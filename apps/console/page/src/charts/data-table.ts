import { el } from '../dom.ts';
import type { Values } from '../timeline.ts';
import type { LegendLine } from './legend.ts';

export interface ChartData {
  readonly times: readonly number[];
  readonly lines: readonly LegendLine[];
  readonly values: readonly Values[];
}

export interface DataTable {
  readonly root: HTMLElement;
}

const stepSeconds = 10;
const mostRows = 30;

/**
 * The numbers of a chart as a table, made when it is opened: rows that move while they are read help
 * nobody.
 */
export function createDataTable(options: {
  readonly title: string;
  readonly read: () => ChartData;
  readonly formatValue: (value: number | null) => string;
  readonly formatTime: (seconds: number) => string;
}): DataTable {
  const holder = el('div', {
    class: 'table-scroll',
    tabindex: 0,
    role: 'group',
    'aria-label': `${options.title}: table`,
  });
  const root = el(
    'details',
    { class: 'data' },
    el('summary', {}, 'Numbers', el('span', { class: 'visually-hidden' }, ` of ${options.title}`)),
    holder,
  );
  root.addEventListener('toggle', () => {
    holder.replaceChildren(...(root.open ? [tableOf(options.read())] : []));
  });

  function tableOf({ times, lines, values }: ChartData): HTMLTableElement {
    const head = ['Time', ...lines.map(({ label }) => label)];
    return el(
      'table',
      {},
      el('caption', {}, `${options.title}, the last first, every ${stepSeconds} s`),
      el('thead', {}, el('tr', {}, ...head.map((text) => el('th', { scope: 'col' }, text)))),
      el('tbody', {}, ...rowsOf(times).map((index) => rowOf(index, times, values))),
    );
  }

  function rowOf(index: number, times: readonly number[], values: readonly Values[]) {
    return el(
      'tr',
      {},
      el('th', { scope: 'row' }, options.formatTime(times[index] ?? 0)),
      ...values.map((line) => el('td', {}, options.formatValue(line[index] ?? null))),
    );
  }

  return { root };
}

/** Indices of points that lie at least a step apart, the last first. */
function rowsOf(times: readonly number[]): number[] {
  const rows: number[] = [];
  for (let index = times.length - 1; index >= 0 && rows.length < mostRows; index -= 1) {
    const above = times[rows.at(-1) ?? -1] ?? Infinity;
    if (above - (times[index] ?? 0) >= stepSeconds - 0.5) rows.push(index);
  }
  return rows;
}
