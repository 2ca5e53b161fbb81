import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { NamedResult, ScenarioResult } from '../../src/k6/result.ts';
import type { Configuration, Measurement, Running } from '../../src/lab/lab.ts';
import { createResults } from '../../src/report/results.ts';
import type { Results } from '../../src/report/results.ts';

/** Starts a configuration for real; it is ended with the test, if not before. */
export async function startConfiguration(configuration: Configuration): Promise<Running> {
  const scratch = await mkdtemp(join(tmpdir(), 'woodytoys-lab-test-'));
  const running = await configuration.start({
    signal: new AbortController().signal,
    say: () => {},
    scratch,
    watched: false,
    once: (_key, work) => work(),
  });
  onTestFinished(async () => {
    await running.stop();
    await rm(scratch, { recursive: true, force: true });
  });
  return running;
}

/** Whether something listens there. */
export const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

export function named(changes: Partial<NamedResult>): NamedResult {
  return {
    requests: 0,
    failedRatio: 0,
    latency: { p50: 1, p95: 1, p99: 1, max: 1 },
    ...changes,
  };
}

/** What k6 may have measured. */
export function loaded(changes: Partial<ScenarioResult>): ScenarioResult {
  return {
    scenario: 'test',
    target: 'http://127.0.0.1',
    startedAt: '2026-01-01T00:00:00.000Z',
    seconds: 60,
    requests: 0,
    requestsPerSecond: 0,
    failedRatio: 0,
    latency: { p50: 1, p95: 1, p99: 1, max: 1 },
    byName: {},
    checks: { passed: 0, failed: 0 },
    failedChecks: {},
    thresholds: [],
    statuses: {},
    dropped: 0,
    k6: '1.8.1',
    rateLimit: 'none',
    ...changes,
  };
}

type Given = Pick<Measurement, 'part' | 'configuration' | 'load'> & Partial<Measurement>;

export function resultsOf(measurements: readonly Given[]): Results {
  const whole = measurements.map((given) => ({
    run: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    seconds: 60,
    values: {},
    series: [],
    events: [],
    ...given,
  }));
  return createResults(whole, { quick: false, titles: {} });
}
