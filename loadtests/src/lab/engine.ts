import { mkdir } from 'node:fs/promises';
import type { runScenario } from '../k6/run-scenario.ts';
import { containerTimes } from './containers.ts';
import { labProject } from './compose.ts';
import type { Measurement, Running } from './lab.ts';
import { measure } from './measure.ts';
import { isWarmedUp, lengthOf } from './plan.ts';
import type { Group, Plan, PlannedStep } from './plan.ts';
import { durationText } from './screen.ts';
import type { Screen } from './screen.ts';
import { versionsOf } from './versions.ts';

export interface EngineOptions {
  readonly plan: Plan;
  readonly screen: Screen;
  /** Ends the lab: what runs is taken down, and the lab rejects. */
  readonly signal: AbortSignal;
  readonly scratch: string;
  readonly runScenario: typeof runScenario;
  /** Whether Grafana runs as well. */
  readonly watched: boolean;
  /** Whether the last configuration stays up. */
  readonly keep: boolean;
}

export interface Skipped {
  readonly part: string;
  readonly configuration: string;
  readonly load: string;
  readonly run: number;
  readonly why: string;
}

export interface Measured {
  readonly measurements: readonly Measurement[];
  readonly skipped: readonly Skipped[];
  /** Of the programs that were measured, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Where what was kept up answers. */
  readonly kept: string | undefined;
}

/** Runs a plan: each configuration once, and in it each repetition of each of its steps. */
export async function runPlan(options: EngineOptions): Promise<Measured> {
  const { plan, screen, signal, scratch, watched, keep } = options;
  await mkdir(scratch, { recursive: true });
  const progress = createProgress(plan, screen);
  const once = createOnce();
  const measurements: Measurement[] = [];
  const skipped: Skipped[] = [];
  let versions: Readonly<Record<string, string>> = {};
  let kept: string | undefined;

  for (const group of plan.groups) {
    const last = group === plan.groups.at(-1);
    const say = (what: string) => progress.say(`${group.configuration.title} · ${what}`);
    let running: Running | undefined;
    try {
      say('starting');
      running = await group.configuration.start({ signal, say, scratch, watched, once });
      await runGroup(group, running, { ...options, progress, measurements, skipped });
      // Not before: some of them are known once Prometheus has looked.
      versions = { ...versions, ...(await versionsOf(running)) };
    } catch (error) {
      await running?.stop();
      throw error;
    } finally {
      progress.stop();
    }
    if (keep && last) kept = running.target;
    else {
      say('taking it down');
      await running.stop();
    }
    signal.throwIfAborted();
  }
  screen.clear();
  return { measurements, skipped, versions, kept };
}

interface GroupContext extends EngineOptions {
  readonly progress: Progress;
  readonly measurements: Measurement[];
  readonly skipped: Skipped[];
}

async function runGroup(group: Group, running: Running, context: GroupContext): Promise<void> {
  const { progress, measurements, skipped, screen } = context;
  const containers = running.stack === undefined ? undefined : await containerTimes(labProject);
  const most = Math.max(...group.steps.map(({ runs }) => runs));
  let cold = true;
  try {
    for (let run = 1; run <= most; run += 1) {
      for (const each of group.steps) {
        if (run > each.runs) continue;
        const planned = cold ? { ...each, warmUpSeconds: each.firstWarmUpSeconds } : each;
        const { part, configuration, load, skip } = planned.step;
        const why = skip?.(measurements, run);
        progress.next(why === undefined ? planned : each);
        if (why !== undefined) {
          const { name, title } = configuration;
          skipped.push({ part, configuration: name, load: load.title, run, why });
          screen.tell(`${title} · ${load.title}: left out, ${why}`);
          continue;
        }
        if (isWarmedUp(planned)) cold = false;
        const measured = await measure(planned, run, {
          running,
          runScenario: context.runScenario,
          containers,
          signal: context.signal,
          scratch: context.scratch,
          watched: context.watched,
          say: progress.during,
        });
        measurements.push(measured);
        screen.tell(`${configuration.title} · ${load.title}, run ${run}: ${summaryOf(measured)}`);
      }
    }
  } finally {
    await containers?.close();
  }
}

function summaryOf({ k6, values }: Measurement): string {
  if (k6 === undefined) {
    return Object.entries(values)
      .filter(([name]) => !name.includes('.'))
      .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
      .join(', ');
  }
  const failed = Math.round(k6.failedRatio * k6.requests);
  return (
    `${k6.requestsPerSecond.toFixed(0)} requests/s, p95 ${k6.latency.p95.toFixed(1)} ms, ` +
    `${failed} of ${k6.requests} failed${k6.dropped > 0 ? `, ${k6.dropped} not started` : ''}`
  );
}

/** Work that several configurations share is done for the first of them. */
function createOnce(): (key: string, work: () => Promise<void>) => Promise<void> {
  const done = new Set<string>();
  return async (key, work) => {
    if (done.has(key)) return;
    await work();
    done.add(key);
  };
}

interface Progress {
  say(what: string): void;
  next(planned: PlannedStep): void;
  readonly during: (what: string, seconds: number) => void;
  stop(): void;
}

/** `3 of 40 · 2 replicas, cache on · 100/s · 41 s left of 60 · 12 min to go` */
function createProgress(plan: Plan, screen: Screen): Progress {
  let ticking: NodeJS.Timeout | undefined;
  let count = 0;
  let title = '';
  let restSeconds = plan.seconds;
  const stop = () => clearInterval(ticking);
  const toGo = (less = 0) => `${durationText(restSeconds - less)} to go`;
  return {
    stop,
    say(what) {
      stop();
      screen.progress(`${count} of ${plan.measurements} · ${what}`, toGo());
    },
    next(planned) {
      const { step } = planned;
      count += 1;
      restSeconds -= lengthOf(planned);
      title = `${count} of ${plan.measurements} · ${step.configuration.title} · ${step.load.title}`;
    },
    during(what, seconds) {
      stop();
      const began = performance.now();
      const doing = [title, what].filter(Boolean).join(' · ');
      const tick = () => {
        const left = seconds - (performance.now() - began) / 1000;
        const rest = seconds > 0 ? `${Math.max(0, left).toFixed(0)} s left of ${seconds} · ` : '';
        screen.progress(doing, `${rest}${toGo(-Math.max(0, left))}`);
      };
      tick();
      ticking = setInterval(tick, 1000);
      ticking.unref();
    },
  };
}
