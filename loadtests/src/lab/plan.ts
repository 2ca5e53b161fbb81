import { LabError } from './failure.ts';
import type { Configuration, Lab, LabOptions, Step } from './lab.ts';

/** Until all that a load left behind has settled, and Prometheus has seen the end of it. */
export const SETTLE_SECONDS = 7;
/** About what a stack takes to come up and to go down; the line of progress counts with it. */
const CONFIGURATION_SECONDS = 45;

export interface PlannedStep {
  readonly step: Step;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Where it is the first measurement of its configuration that has a warm-up. */
  readonly firstWarmUpSeconds: number;
  readonly runs: number;
}

/** A configuration and what is measured while it runs, repetition by repetition. */
export interface Group {
  readonly configuration: Configuration;
  readonly steps: readonly PlannedStep[];
}

export interface Plan {
  readonly groups: readonly Group[];
  readonly measurements: number;
  /** Whether some of them may be left out, seen what others gave. */
  readonly atMost: boolean;
  readonly seconds: number;
}

export interface Wishes extends LabOptions {
  /** Names of parts, of configurations, or of both, which then narrow each other; all unless given. */
  readonly only: readonly string[];
  /** Seconds of each measurement; as the lab has it unless given. */
  readonly seconds?: number | undefined;
  readonly runs?: number | undefined;
}

type Usual = Pick<Lab, 'seconds' | 'warmUpSeconds' | 'firstWarmUpSeconds' | 'runs'>;

/** A measurement of a short matrix. */
const QUICK = { seconds: 10, warmUpSeconds: 3, runs: 1 };

/** @throws LabError when nothing is left to run. */
export function planOf(lab: Lab, wishes: Wishes): Plan {
  const groups = groupsOf(lab, chosenSteps(lab, wishes), wishes);
  const planned = groups.flatMap(({ steps }) => steps);
  const measuring = groups.flatMap(({ steps }) => [
    firstOf(steps),
    ...steps.map((each) => each.runs * lengthOf(each)),
  ]);
  return {
    groups,
    measurements: planned.reduce((sum, { runs }) => sum + runs, 0),
    atMost: planned.some(({ step }) => step.skip !== undefined),
    seconds: measuring.reduce((sum, each) => sum + each, groups.length * CONFIGURATION_SECONDS),
  };
}

/** About how many seconds one measurement takes, with all that belongs to it. */
export const lengthOf = ({ step, seconds, warmUpSeconds }: PlannedStep) =>
  warmUpSeconds + seconds + (step.waitSeconds ?? 0) + SETTLE_SECONDS;

/** What the first warm-up of a configuration takes longer than the others. */
function firstOf(steps: readonly PlannedStep[]): number {
  const first = steps.find(isWarmedUp);
  return first === undefined ? 0 : first.firstWarmUpSeconds - first.warmUpSeconds;
}

export const isWarmedUp = ({ firstWarmUpSeconds }: PlannedStep) => firstWarmUpSeconds > 0;

function chosenSteps(lab: Lab, { only, ...options }: Wishes): readonly Step[] {
  const steps = lab.steps(options);
  const names = new Set([
    ...Object.keys(lab.parts),
    ...steps.map(({ configuration }) => configuration.name),
  ]);
  const unknown = only.find((name) => !names.has(name));
  if (unknown !== undefined) {
    throw new LabError(
      `The lab "${lab.name}" has no part or configuration "${unknown}": it has ${[...names].join(', ')}.`,
      { exitCode: 2 },
    );
  }
  const parts = only.filter((name) => name in lab.parts);
  const configurations = only.filter((name) => !(name in lab.parts));
  const chosen = steps.filter(
    ({ part, configuration }) =>
      (parts.length === 0 || parts.includes(part)) &&
      (configurations.length === 0 || configurations.includes(configuration.name)),
  );
  if (chosen.length > 0) return chosen;
  throw new LabError(
    `Nothing of "${only.join(', ')}" is run this way: leave --quick or --standalone out.`,
    { exitCode: 2 },
  );
}

function groupsOf(lab: Lab, steps: readonly Step[], wishes: Wishes): readonly Group[] {
  const groups: { configuration: Configuration; steps: PlannedStep[] }[] = [];
  for (const step of steps) {
    const planned = plannedStep(lab, step, wishes);
    const last = groups.at(-1);
    if (last?.configuration.name === step.configuration.name) last.steps.push(planned);
    else groups.push({ configuration: step.configuration, steps: [planned] });
  }
  return groups;
}

function plannedStep(lab: Lab, step: Step, { quick, seconds, runs }: Wishes): PlannedStep {
  const { load } = step;
  const usual: Usual = quick ? QUICK : lab;
  const repetitions = runs ?? (quick ? QUICK.runs : (step.runs ?? lab.runs));
  if ('probe' in load) {
    const none = { warmUpSeconds: 0, firstWarmUpSeconds: 0 };
    return { step, seconds: load.seconds, ...none, runs: repetitions };
  }
  const warmUpSeconds = load.warmUpSeconds ?? usual.warmUpSeconds;
  return {
    step,
    seconds: load.seconds ?? seconds ?? usual.seconds,
    warmUpSeconds,
    firstWarmUpSeconds: Math.max(usual.firstWarmUpSeconds ?? 0, warmUpSeconds),
    runs: repetitions,
  };
}
