import { rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isScenario, scenarios } from '../k6/catalogue.ts';
import type { runScenario } from '../k6/run-scenario.ts';
import type { ScenarioResult } from '../k6/result.ts';
import { coresBetween } from './containers.ts';
import type { ContainerTimes } from './containers.ts';
import type { Measurement, MeasureContext, Running, ScenarioLoad, TimedEvent } from './lab.ts';
import { fixedWorkMs } from './machine-speed.ts';
import { SETTLE_SECONDS } from './plan.ts';
import type { PlannedStep } from './plan.ts';
import { everySecond } from './seconds.ts';
import { readSignals } from './signals.ts';

export interface MeasureDependencies {
  readonly running: Running;
  readonly runScenario: typeof runScenario;
  readonly containers: ContainerTimes | undefined;
  readonly signal: AbortSignal;
  /** Whether k6's own figures go to Prometheus as well, for who looks on. */
  readonly watched: boolean;
  /** For what a measurement keeps until it is read. */
  readonly scratch: string;
  /** Tells what goes on, and how many seconds it lasts at most. */
  readonly say: (what: string, seconds: number) => void;
}

/** One repetition of a step: warm-up, the load with its events, and what was seen of it. */
export async function measure(
  { step, seconds, warmUpSeconds }: PlannedStep,
  run: number,
  dependencies: MeasureDependencies,
): Promise<Measurement> {
  const { running, containers, say } = dependencies;
  const { load, part, configuration, events = [] } = step;
  const file = step.everySecond ? join(dependencies.scratch, 'seconds.csv') : undefined;
  // Whatever fails ends the others: nothing is measured beside a load that is gone.
  const failed = new AbortController();
  const signal = AbortSignal.any([dependencies.signal, failed.signal]);
  const work = { ...dependencies, signal };

  const fixedWork = fixedWorkMs();
  if ('scenario' in load && warmUpSeconds > 0) {
    say('warm-up', warmUpSeconds);
    await loadBy(load, warmUpSeconds, work);
  }
  const told = { running, signal, say: (what: string) => say(what, 0) };
  await step.prepare?.(told);
  say('', seconds);
  const before = await containers?.read();
  const busyBefore = busySeconds();
  const began = Date.now();
  const context: MeasureContext = { ...told, elapsed: () => (Date.now() - began) / 1000 };
  const probed = 'probe' in load ? load.probe(context) : undefined;
  const loaded = 'scenario' in load ? loadBy(load, seconds, work, file) : undefined;
  const atLoadEnd = Promise.all([loaded, probed]).then(async ([k6]) => {
    const lasted = (Date.now() - began) / 1000;
    const after = await containers?.read();
    return { k6, lasted, cpu: cpuOf(before, after, busySeconds() - busyBefore, lasted) };
  });
  const ended = atLoadEnd.then(({ k6 }) => k6);
  // Its failure is told by `atLoadEnd`; who observes need not await it.
  ended.catch(() => undefined);
  const observed = step.observe?.(context, ended);
  const done = happen(events, seconds, context);
  try {
    const [{ k6, lasted, cpu }, found, probe, happened] = await Promise.all([
      atLoadEnd,
      observed,
      probed,
      done,
    ]);
    say('settling', SETTLE_SECONDS);
    await sleep(SETTLE_SECONDS * 1000, undefined, { signal });
    const signals =
      running.prometheus === undefined
        ? {}
        : await readSignals(running.prometheus, began, began + lasted * 1000);
    const bySecond = file === undefined ? [] : await everySecond(file, began);
    await step.restore?.(context);
    return {
      part,
      configuration: configuration.name,
      load: load.title,
      run,
      startedAt: new Date(began).toISOString(),
      seconds: lasted,
      ...(warmUpSeconds > 0 && { warmUpSeconds }),
      ...(k6 && { k6 }),
      values: {
        'machine.fixedWorkMs': fixedWork,
        ...signals,
        ...cpu,
        ...found?.values,
        ...probe?.values,
      },
      series: [...bySecond, ...(found?.series ?? []), ...(probe?.series ?? [])],
      events: happened,
    };
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled([atLoadEnd, observed, probed, done]);
    throw error;
  } finally {
    if (file !== undefined) await rm(file, { force: true });
  }
}

async function loadBy(
  { scenario, target, options, environment }: ScenarioLoad,
  seconds: number,
  { running, runScenario, signal, watched }: MeasureDependencies,
  csv?: string,
): Promise<ScenarioResult> {
  const { addressOf = (published) => Promise.resolve(published) } = running;
  const timed = isScenario(scenario) && 'duration' in scenarios[scenario].options;
  return runScenario({
    scenario,
    target: target === undefined ? running.target : await addressOf(target),
    options: { ...(timed && { duration: `${seconds}s` }), ...options },
    environment: { ...running.environment, ...environment },
    signal,
    ...(csv !== undefined && { csv }),
    ...(watched && { prometheus: running.prometheus }),
  });
}

async function happen(
  events: readonly TimedEvent[],
  seconds: number,
  context: MeasureContext,
): Promise<Measurement['events']> {
  const happened: { title: string; seconds: number }[] = [];
  for (const event of events.toSorted((a, b) => a.at - b.at)) {
    const waitMs = (event.at * seconds - context.elapsed()) * 1000;
    await sleep(Math.max(0, waitMs), undefined, { signal: context.signal });
    happened.push({ title: event.title, seconds: context.elapsed() });
    await event.act(context);
  }
  return happened;
}

/** Cores by container, of the whole machine, and of what is no container: k6 above all. */
function cpuOf(
  before: Parameters<typeof coresBetween>[0] | undefined,
  after: Parameters<typeof coresBetween>[1] | undefined,
  busy: number,
  seconds: number,
): Readonly<Record<string, number>> {
  const machine = busy / seconds;
  if (before === undefined || after === undefined) return { 'cpu.machine': machine };
  const cores = coresBetween(before, after, seconds);
  const together = Object.values(cores).reduce((sum, each) => sum + each, 0);
  return {
    ...Object.fromEntries(Object.entries(cores).map(([name, value]) => [`cpu.${name}`, value])),
    'cpu.machine': machine,
    'cpu.outside': Math.max(0, machine - together),
  };
}

/** Seconds that all cores have worked since the machine's start. */
function busySeconds(): number {
  const milliseconds = cpus().reduce(
    (sum, { times }) => sum + times.user + times.nice + times.sys + times.irq,
    0,
  );
  return milliseconds / 1000;
}
