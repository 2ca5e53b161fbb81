/** What every scenario measures beside its own objectives, so that each result has the same figures. */
import type { Options, Scenario } from 'k6/options';

/** Statuses that are counted one by one; the runner finds what is left over. "0" is no answer. */
const STATUSES = [
  ...[0, 200, 201, 202, 204, 304],
  ...[400, 401, 403, 404, 405, 409, 413, 422, 429],
  ...[500, 502, 503, 504],
];

export interface Measured {
  readonly scenarios: Record<string, Scenario>;
  /** The values of the tag `name` that its requests have. */
  readonly names: readonly string[];
  /** k6's thresholds: what must hold for the run to count as good. */
  readonly objectives: Record<string, string[]>;
}

/**
 * The options of a scenario. k6 keeps figures of a part of the requests only where a threshold asks
 * for them: those that end in `>=0` are there for that and always hold.
 */
export function measured({ scenarios, names, objectives }: Measured): Options {
  const thresholds: Record<string, string[]> = {
    'http_reqs{part:load}': ['count>=0'],
    'http_req_duration{part:load}': ['max>=0'],
    'http_req_failed{part:load}': ['rate>=0'],
  };
  for (const status of STATUSES) {
    thresholds[`http_reqs{part:load,status:${status}}`] = ['count>=0'];
  }
  for (const name of names) {
    thresholds[`http_req_duration{name:${name}}`] = ['max>=0'];
    thresholds[`http_req_failed{name:${name}}`] = ['rate>=0'];
  }
  for (const [metric, expressions] of Object.entries(objectives)) {
    thresholds[metric] = [...(thresholds[metric] ?? []), ...expressions];
  }
  return {
    // What setup() sends lacks this tag and counts for nothing.
    scenarios: Object.fromEntries(
      Object.entries(scenarios).map(([name, one]) => [name, { ...one, tags: { part: 'load' } }]),
    ),
    thresholds,
    summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max', 'count'],
    // Without `url`: each would be a time series of its own. k6 finds its checks by `group`.
    systemTags: [
      ...['status', 'method', 'name', 'group', 'check'],
      ...['error_code', 'scenario', 'expected_response'],
    ],
    // No connection is dropped between iterations, as those of an app that runs on.
    noVUConnectionReuse: false,
    userAgent: 'woodytoys-load',
    setupTimeout: '60s',
  };
}
