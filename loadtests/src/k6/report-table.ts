/** A result as a person reads it in a terminal. */
import type { Breakpoint } from './breakpoint.ts';
import type { Latency, ScenarioResult } from './result.ts';

/** The lines of a run's summary. */
export function summaryLines(result: ScenarioResult): string[] {
  const { requests, requestsPerSecond, seconds, failedRatio, checks, dropped } = result;
  const named = Object.entries(result.byName).filter(([, { requests: some }]) => some > 0);
  const rows = [
    ['', 'requests', 'failed', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'],
    ...named.map(([name, one]) => [
      name,
      String(one.requests),
      percent(one.failedRatio),
      ...figures(one.latency),
    ]),
    ['all', String(requests), percent(failedRatio), ...figures(result.latency)],
  ];
  const statuses = Object.entries(result.statuses).map(([status, count]) => {
    return `${status === '0' ? 'no answer' : status}: ${count}`;
  });
  return [
    `${result.scenario}  ${requests} requests in ${seconds.toFixed(1)} s, ${requestsPerSecond} req/s`,
    '',
    ...table(rows),
    '',
    `statuses   ${statuses.join(' · ') || 'none'}`,
    `checks     ${checks.passed} passed, ${checks.failed} failed`,
    ...Object.entries(result.failedChecks).map(([name, count]) => `  failed   ${name}: ${count}`),
    ...(dropped > 0 ? [`not sent   ${dropped} iterations: k6 had no user free for them`] : []),
    ...result.thresholds.map(({ metric, expression, ok }) => {
      return `${ok ? 'held      ' : 'BROKEN    '} ${metric} ${expression}`;
    }),
    `limit      ${result.rateLimit}`,
    `k6         ${result.k6}, ${result.target}, ${result.startedAt}`,
  ];
}

/** The lines of a search's summary. */
export function breakpointLines({ highest, broke, steps }: Breakpoint): string[] {
  const rows = [
    ['rate', 'req/s', 'failed', 'p95 ms', 'not sent', ''],
    ...steps.map(({ rps, ok, result }) => [
      String(rps),
      String(Math.round(result.requestsPerSecond)),
      percent(result.failedRatio),
      milliseconds(result.latency.p95),
      String(result.dropped),
      ok ? 'held' : `broke: ${brokenOf(result)}`,
    ]),
  ];
  const found =
    highest === undefined
      ? 'no rate kept the objectives'
      : `highest rate that kept the objectives: ${highest.rps} (${Math.round(highest.result.requestsPerSecond)} requests/s)`;
  const end =
    broke === undefined
      ? 'nothing broke up to the highest rate that was tried'
      : `at ${broke.rps} broke: ${brokenOf(broke.result)}`;
  return [...table(rows), '', `${found}; ${end}`];
}

function brokenOf(result: ScenarioResult): string {
  const broken = result.thresholds.filter(({ ok }) => !ok);
  return broken.map(({ metric, expression }) => `${metric} ${expression}`).join(', ');
}

function figures({ p50, p95, p99, max }: Latency): string[] {
  return [p50, p95, p99, max].map(milliseconds);
}

function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

function percent(ratio: number): string {
  return ratio === 0 ? '0 %' : `${(ratio * 100).toFixed(2)} %`;
}

/** The first column is text, the others are figures. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => {
    return Math.max(...rows.map((row) => row[column]?.length ?? 0));
  });
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return cells.join('  ').trimEnd();
  });
}
