/** `npm run load`, from what was asked to the summary. */
import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { findBreakpoint, type Breakpoint } from './breakpoint.ts';
import { scenarios, type Scenario, type ScenarioName } from './catalogue.ts';
import type { LoadRequest } from './command-line.ts';
import { findK6 } from './find-k6.ts';
import { LoadError } from './failure.ts';
import { limitForRun } from './limit-for-run.ts';
import { isFree } from './ports.ts';
import { progressLine } from './progress.ts';
import type { ProgressDisplay } from './progress-display.ts';
import { readPolicy } from './rate-limit.ts';
import { requireReceiver } from './receiver.ts';
import { breakpointLines, summaryLines } from './report-table.ts';
import type { ScenarioResult } from './result.ts';
import { plannedSeconds } from './run-options.ts';
import { runScenario, type RunOptions } from './run-scenario.ts';
import { findStack } from './stack.ts';

export interface LoadDependencies {
  readonly tell: (line: string) => void;
  readonly progress: ProgressDisplay;
  /** Ends the load early; its reason is what `load` rejects with. */
  readonly signal: AbortSignal;
}

const DASHBOARD_PORT = 5665;
const HIGHEST_RATE = 100_000;
/** What a rate that broke has left in queues is worked off before the next one. */
const REST_MS = 5_000;

/**
 * @returns whether every objective held; of a search, whether any rate kept them.
 * @throws LoadError
 */
export async function load(request: LoadRequest, to: LoadDependencies): Promise<boolean> {
  const { target, options, mix } = request;
  const name = (mix ?? request.scenario) as ScenarioName;
  const scenario: Scenario = scenarios[name];
  const k6 = await findK6();
  const announced = await readPolicy(target, scenario, options);
  const stack = await findStack(target);
  const prometheus = request.prometheus ?? prometheusOf(stack?.services['prometheus']?.ports);
  if (request.dashboard) await requireDashboardPort();
  if (prometheus !== undefined) await requireReceiver(prometheus);
  const limit = await limitForRun({
    target,
    announced,
    requestsPerSecond:
      mix === undefined ? scenario.requestsPerSecond?.(Number(options.rps ?? 1)) : undefined,
    stack,
    keep: request.keepLimit,
    say: to.tell,
  });
  try {
    to.signal.throwIfAborted();
    to.tell(`${request.scenario}  ${scenario.title}`);
    if (prometheus !== undefined) to.tell(`k6's metrics go to ${prometheus}`);
    if (request.dashboard) to.tell(`k6's page: http://localhost:${DASHBOARD_PORT}`);
    const run: RunOptions = {
      scenario: name,
      target,
      options,
      k6,
      limit,
      prometheus,
      dashboardPort: request.dashboard ? DASHBOARD_PORT : undefined,
      signal: to.signal,
      onProgress: (progress) => {
        to.progress.show(progressLine(progress, plannedSeconds(options)));
      },
    };
    return await (mix === undefined ? once(run, request, to) : search(run, request, to));
  } finally {
    to.progress.end();
    await limit.restore();
  }
}

async function requireDashboardPort(): Promise<void> {
  if (await isFree(DASHBOARD_PORT)) return;
  throw new LoadError(
    `Port ${DASHBOARD_PORT} is in use, and k6's page needs it: stop what listens there (another ` +
      'load?), or leave --dashboard out.',
  );
}

async function once(
  run: RunOptions,
  { json }: LoadRequest,
  to: LoadDependencies,
): Promise<boolean> {
  const result = await runScenario(run);
  to.progress.end();
  for (const line of summaryLines(result)) to.tell(line);
  if (json !== undefined) await write(json, result);
  return result.thresholds.every(({ ok }) => ok);
}

async function search(
  run: RunOptions,
  { json, options, mix }: LoadRequest,
  to: LoadDependencies,
): Promise<boolean> {
  const found = await findBreakpoint({
    from: Number(options.rps),
    atMost: HIGHEST_RATE,
    measure: async (rps): Promise<ScenarioResult> => {
      const result = await runScenario({ ...run, options: { ...options, rps } });
      if (!result.thresholds.every(({ ok }) => ok)) {
        await sleep(REST_MS, undefined, { signal: to.signal }).catch(() =>
          to.signal.throwIfAborted(),
        );
      }
      return result;
    },
    onStep: ({ rps, ok, result }) => {
      to.progress.end();
      to.tell(`${rps}: ${ok ? 'held' : 'broke'}, p95 ${result.latency.p95} ms`);
    },
  });
  for (const line of ['', ...breakpointLines(found)]) to.tell(line);
  if (json !== undefined)
    await write(json, { scenario: 'breakpoint', mix, ...found } satisfies Report);
  return found.highest !== undefined;
}

interface Report extends Breakpoint {
  readonly scenario: 'breakpoint';
  readonly mix: string | undefined;
}

/** The file is whole or not there. */
async function write(file: string, content: object): Promise<void> {
  const draft = `${file}.partial`;
  await writeFile(draft, `${JSON.stringify(content, undefined, 2)}\n`);
  await rename(draft, file);
}

function prometheusOf(ports: Readonly<Record<string, number>> | undefined): string | undefined {
  const port = ports?.['9090'];
  return port === undefined ? undefined : `http://localhost:${port}`;
}
