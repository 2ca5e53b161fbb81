/** Runs one scenario with k6 and gives what it measured. */
import { scenarios, type Scenario } from './catalogue.ts';
import { commandOf } from './command.ts';
import { LoadError } from './failure.ts';
import { findK6, type K6 } from './find-k6.ts';
import { essence, runK6 } from './k6-process.ts';
import { freePort } from './ports.ts';
import { followProgress, type Progress } from './progress.ts';
import { describePolicy, readPolicy } from './rate-limit.ts';
import type { ScenarioResult } from './result.ts';
import { readOptions, variablesOf } from './run-options.ts';
import { findSummary, resultOf } from './summary.ts';

/** k6's exit code when a threshold did not hold, which is a result like any other. */
const THRESHOLDS_FAILED = 99;

export interface RunOptions {
  readonly scenario: string;
  /** The origin under load, such as http://localhost:8080. */
  readonly target: string;
  /** By name as the command line has them (`rps`, `duration`); what is left out is the scenario's own. */
  readonly options?: Readonly<Record<string, string | number>>;
  /** What the script reads from `__ENV` beside. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends the run; `runScenario` then rejects with the signal's reason, and k6 is gone. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Prometheus' origin, which then has k6's metrics as the Load test dashboard reads them. */
  readonly prometheus?: string | undefined;
  /** A file that k6 writes a line to for each value that it measures; none unless given. */
  readonly csv?: string | undefined;
  /** The port of k6's own dashboard on 127.0.0.1; none unless given. */
  readonly dashboardPort?: number | undefined;
  /** What was done about the limit per client; as the target announces it unless given. */
  readonly limit?: { readonly note: string; readonly localAddresses?: string } | undefined;
  /** Found anew for each run unless given. */
  readonly k6?: K6 | undefined;
}

/**
 * @throws LoadError when the scenario or an option is unknown, k6 cannot be had, or its script ends
 *   by an error. A threshold that does not hold is no error: `thresholds` tells it.
 */
export async function runScenario(options: RunOptions): Promise<ScenarioResult> {
  const { scenario: name, target, signal, onProgress } = options;
  const values = readOptions(name, options.options ?? {});
  const k6 = options.k6 ?? (await findK6());
  const scenario: Scenario = scenarios[name as keyof typeof scenarios];
  const limit = options.limit ?? {
    note: describePolicy(await readPolicy(target, scenario, values)),
  };
  signal?.throwIfAborted();

  const apiPort = await freePort();
  const command = commandOf(k6, {
    script: name,
    allCores: scenario.allCores,
    apiPort,
    environment: { ...variablesOf(values), ...options.environment, TARGET: target },
    settings: { ...prometheusSettings(options), ...dashboardSettings(options.dashboardPort) },
    localAddresses: limit.localAddresses,
    dashboardPort: options.dashboardPort,
    csv: options.csv,
    name: `woodytoys-k6-${process.pid}-${apiPort}`,
  });
  const ended = new AbortController();
  const follow = onProgress && followProgress(apiPort, onProgress, ended.signal);
  try {
    const outcome = await runK6(command, signal);
    signal?.throwIfAborted();
    const { code, output } = outcome;
    const summary = findSummary(output);
    if (summary === undefined || (code !== 0 && code !== THRESHOLDS_FAILED)) {
      throw new LoadError(`k6 ended by an error (exit code ${code}): ${essence(outcome)}`);
    }
    return resultOf(summary, { scenario: name, target, k6: k6.version, rateLimit: limit.note });
  } finally {
    ended.abort();
    await follow;
  }
}

function prometheusSettings({ prometheus }: RunOptions): Record<string, string> {
  if (prometheus === undefined) return {};
  return {
    K6_PROMETHEUS_RW_SERVER_URL: `${prometheus}/api/v1/write`,
    K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM: 'true',
    K6_PROMETHEUS_RW_PUSH_INTERVAL: '5s',
  };
}

function dashboardSettings(port: number | undefined): Record<string, string> {
  if (port === undefined) return {};
  return { K6_WEB_DASHBOARD: 'true', K6_WEB_DASHBOARD_PORT: String(port) };
}
