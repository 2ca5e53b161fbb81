/** What one run of a scenario measured, as `npm run load -- NAME --json FILE` writes it. */
export interface ScenarioResult {
  readonly scenario: string;
  /** The origin that was loaded, such as http://localhost:8080. */
  readonly target: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** From the first iteration to the end of the last one. */
  readonly seconds: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Requests without the expected answer, from 0 to 1. */
  readonly failedRatio: number;
  readonly latency: Latency;
  /** The same for each value of the tag `name`. */
  readonly byName: Readonly<Record<string, NamedResult>>;
  readonly checks: { readonly passed: number; readonly failed: number };
  /** The checks that did not always hold, and how often they did not. */
  readonly failedChecks: Readonly<Record<string, number>>;
  readonly thresholds: readonly ThresholdResult[];
  /** Requests by status; "0" had no answer, "other" is the sum of rare ones. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Iterations that k6 could not start, for want of a free virtual user. */
  readonly dropped: number;
  /** Such as "1.8.1". */
  readonly k6: string;
  /** Which limit per client held during the run, and how it was raised. */
  readonly rateLimit: string;
}

/** Milliseconds from sending a request to the end of its answer. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface NamedResult {
  readonly requests: number;
  readonly failedRatio: number;
  readonly latency: Latency;
}

export interface ThresholdResult {
  /** Such as `http_req_duration{name:report}`. */
  readonly metric: string;
  /** Such as `p(95)<250`. */
  readonly expression: string;
  readonly ok: boolean;
}
