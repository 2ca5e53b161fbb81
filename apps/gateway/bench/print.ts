import type { Bar, Figures, Ratio } from './report.ts';

/** The figures as a table for the terminal. */
export function figuresTable(figures: readonly Figures[]): string {
  const head = [
    'candidate',
    'requests/s',
    '(min–max)',
    'CPU µs/request',
    'p50 ms',
    'p99 ms',
    'added p50 ms',
    'added p99 ms',
    'PSS MB',
    'RSS MB',
  ];
  const rows = figures.map((figure) => [
    figure.key,
    figure.requestsPerSecond.median.toFixed(0),
    `${figure.requestsPerSecond.min.toFixed(0)}–${figure.requestsPerSecond.max.toFixed(0)}`,
    number(figure.cpuMicros.median, 1),
    number(figure.p50Ms, 2),
    number(figure.p99Ms, 2),
    number(figure.addedP50Ms, 2),
    number(figure.addedP99Ms, 2),
    number(figure.pssMegabytes, 0),
    number(figure.rssMegabytes, 0),
  ]);
  return table([head, ...rows]);
}

export function ratiosTable(ratios: readonly Ratio[]): string {
  const [first] = ratios;
  if (first === undefined) return '';
  const head = [`as ratio to ${first.to}`, 'requests/s', 'less CPU', 'memory'];
  const rows = ratios.map(({ of, requestsPerSecond, cpu, memory }) => [
    of,
    number(requestsPerSecond, 2),
    number(cpu, 2),
    number(memory, 2),
  ]);
  return table([head, ...rows]);
}

export function barsTable(bars: readonly Bar[]): string {
  const rows = bars.map(({ what, wanted, measured, met }) => [
    what,
    wanted,
    number(measured, 2),
    met ? 'met' : 'missed',
  ]);
  return rows.length === 0 ? '' : table([['bar', 'wanted', 'measured', ''], ...rows]);
}

function number(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits);
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ');
  return `${rows.map(line).join('\n')}\n`;
}
