/** Runs one scenario with k6 and gives what it measured. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { isScenario, scenarioNames, scenarios, type Scenario } from './catalogue.ts';
import { commandOf } from './command.ts';
import { LoadError } from './failure.ts';
import { findK6, type K6 } from './find-k6.ts';
import { readOption, secondsOf, variableOf, type OptionName } from './options.ts';
import { followProgress, type Progress } from './progress.ts';
import { describePolicy, readPolicy } from './rate-limit.ts';
import type { ScenarioResult } from './result.ts';
import { findSummary, resultOf } from './summary.ts';

/** For what is under way, and k6's own end; then it is killed. */
const ENDS_WITHIN_MS = 45_000;
/** k6's exit code when a threshold did not hold, which is a result like any other. */
const THRESHOLDS_FAILED = 99;
const ERRORS_KEPT = 4_000;

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
  const container = `woodytoys-k6-${process.pid}-${apiPort}`;
  const { file, args, env } = commandOf(k6, {
    script: name,
    apiPort,
    environment: { ...variables(values), ...options.environment, TARGET: target },
    settings: { ...prometheusSettings(options), ...dashboardSettings(options.dashboardPort) },
    localAddresses: limit.localAddresses,
    dashboardPort: options.dashboardPort,
    csv: options.csv,
    name: container,
  });
  // A group of its own: Ctrl-C in a terminal reaches this process alone, which then ends k6 once.
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const ended = new AbortController();
  const follow = onProgress && followProgress(apiPort, onProgress, ended.signal);
  try {
    const { code, output, errors } = await outcome(child, signal, k6, container);
    signal?.throwIfAborted();
    const summary = findSummary(output);
    if (summary === undefined || (code !== 0 && code !== THRESHOLDS_FAILED)) {
      throw new LoadError(`k6 ended by an error (exit code ${code}): ${essence(errors)}`);
    }
    return resultOf(summary, { scenario: name, target, k6: k6.version, rateLimit: limit.note });
  } finally {
    ended.abort();
    await follow;
  }
}

/**
 * The options of a run, checked, with those of the scenario where none is given.
 *
 * @throws LoadError
 */
export function readOptions(
  name: string,
  given: Readonly<Record<string, string | number>>,
): Readonly<Partial<Record<OptionName, string>>> {
  if (!isScenario(name)) {
    throw new LoadError(`There is no scenario "${name}". Known: ${scenarioNames.join(', ')}.`, {
      exitCode: 2,
    });
  }
  const known: Scenario['options'] = scenarios[name].options;
  for (const option of Object.keys(given)) {
    if (Object.hasOwn(known, option)) continue;
    const takes = Object.keys(known).map((one) => `--${one}`);
    throw new LoadError(
      `The scenario ${name} has no option --${option}; it takes ${takes.join(', ') || 'none'}.`,
      { exitCode: 2 },
    );
  }
  return Object.fromEntries(
    Object.entries(known).map(([option, normally]) => [
      option,
      readOption(option as OptionName, given[option] ?? normally),
    ]),
  );
}

/** How long a run with these options takes by plan; undefined where that is not known. */
export function plannedSeconds(values: Readonly<Partial<Record<OptionName, string>>>) {
  return values.duration === undefined ? undefined : secondsOf(values.duration);
}

function variables(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([option, value]) => [variableOf(option), value]),
  );
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

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Waits for k6's end, which `signal` brings about early. */
async function outcome(
  child: ChildProcess,
  signal: AbortSignal | undefined,
  k6: K6,
  container: string,
): Promise<Outcome> {
  let output = '';
  let errors = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr
    ?.setEncoding('utf8')
    .on('data', (text: string) => (errors = (errors + text).slice(-ERRORS_KEPT)));
  let late: NodeJS.Timeout | undefined;
  const interrupt = () => {
    child.kill('SIGINT');
    late = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
  };
  signal?.addEventListener('abort', interrupt, { once: true });
  if (signal?.aborted) interrupt();
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output, errors };
  } catch (cause) {
    throw new LoadError(`k6 could not be run: ${(cause as Error).message}.`, { cause });
  } finally {
    clearTimeout(late);
    signal?.removeEventListener('abort', interrupt);
    // A container outlives a killed client.
    if (k6.from === 'container') await removeContainer(container);
  }
}

async function removeContainer(name: string): Promise<void> {
  await promisify(execFile)('docker', ['rm', '--force', name]).catch(() => {});
}

/** The first line of k6's last words that names an error. */
function essence(errors: string): string {
  const lines = errors.split('\n').filter((line) => line.trim() !== '');
  return (
    lines.find((line) => /error|cannot|invalid|failed/i.test(line)) ?? lines.at(-1) ?? 'no word'
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
