/** Makes a result out of what k6 prints at the end (scenarios/lib/summary.ts). */
import type { Latency, NamedResult, ScenarioResult, ThresholdResult } from './result.ts';

interface Metric {
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

export interface K6Summary {
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly testRunDurationMs: number;
  /** Milliseconds since 1970. */
  readonly endedAt: number;
  readonly failed: readonly { readonly name: string; readonly fails: number }[];
}

/** What k6 itself does not know. */
export type Circumstances = Pick<ScenarioResult, 'scenario' | 'target' | 'k6' | 'rateLimit'>;

/** The summary among the lines of k6's standard output; undefined when it came to none. */
export function findSummary(output: string): K6Summary | undefined {
  const line = output.split('\n').findLast((text) => text.startsWith('{"metrics":'));
  return line === undefined ? undefined : (JSON.parse(line) as K6Summary);
}

export function resultOf(summary: K6Summary, circumstances: Circumstances): ScenarioResult {
  const { metrics, testRunDurationMs, endedAt } = summary;
  const value = (metric: string, stat: string) => metrics[metric]?.values[stat] ?? 0;
  const seconds = testRunDurationMs / 1000;
  const requests = value('http_reqs{part:load}', 'count');
  return {
    ...circumstances,
    startedAt: new Date(endedAt - testRunDurationMs).toISOString(),
    seconds: rounded(seconds),
    requests,
    requestsPerSecond: seconds > 0 ? rounded(requests / seconds) : 0,
    failedRatio: value('http_req_failed{part:load}', 'rate'),
    latency: latencyOf(metrics['http_req_duration{part:load}']),
    byName: byName(metrics),
    checks: { passed: value('checks', 'passes'), failed: value('checks', 'fails') },
    failedChecks: Object.fromEntries(summary.failed.map(({ name, fails }) => [name, fails])),
    thresholds: thresholdsOf(metrics),
    statuses: statusesOf(metrics, requests),
    dropped: value('dropped_iterations', 'count'),
  };
}

function latencyOf(metric: Metric | undefined): Latency {
  const { med = 0, 'p(95)': p95 = 0, 'p(99)': p99 = 0, max = 0 } = metric?.values ?? {};
  return { p50: rounded(med), p95: rounded(p95), p99: rounded(p99), max: rounded(max) };
}

function byName(metrics: K6Summary['metrics']): Record<string, NamedResult> {
  const named: Record<string, NamedResult> = {};
  for (const key of Object.keys(metrics).toSorted()) {
    const metric = metrics[key];
    const name = /^http_req_duration\{name:(.+)\}$/.exec(key)?.[1];
    if (metric === undefined || name === undefined) continue;
    named[name] = {
      requests: metric.values['count'] ?? 0,
      failedRatio: metrics[`http_req_failed{name:${name}}`]?.values['rate'] ?? 0,
      latency: latencyOf(metric),
    };
  }
  return named;
}

/** Those that end in `>=0` are no objectives (scenarios/lib/measure.ts). */
function thresholdsOf(metrics: K6Summary['metrics']): ThresholdResult[] {
  return Object.entries(metrics).flatMap(([metric, { thresholds = {} }]) =>
    Object.entries(thresholds)
      .filter(([expression]) => !expression.endsWith('>=0'))
      .map(([expression, { ok }]) => ({
        metric: metric.replace('{part:load}', ''),
        expression,
        ok,
      })),
  );
}

function statusesOf(metrics: K6Summary['metrics'], requests: number): Record<string, number> {
  const statuses: Record<string, number> = {};
  let left = requests;
  for (const [key, { values }] of Object.entries(metrics)) {
    const status = /^http_reqs\{part:load,status:(\d+)\}$/.exec(key)?.[1];
    const count = values['count'] ?? 0;
    if (status === undefined || count === 0) continue;
    statuses[status] = count;
    left -= count;
  }
  return left > 0 ? { ...statuses, other: left } : statuses;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
