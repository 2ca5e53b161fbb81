import { LabError } from '../lab/failure.ts';
import type { LabData, Source } from './data.ts';

/**
 * Puts runs of different parts together, the first first. A run alone stays as it is.
 *
 * @throws LabError when they are not of one machine and system, or have a step in common.
 */
export function mergeData(runs: readonly LabData[], command: string): LabData {
  const [first, ...others] = runs;
  if (first === undefined) throw new LabError('Nothing to merge.', { exitCode: 2 });
  if (others.length === 0) return first;
  for (const other of others) {
    const why = whyApart(first, other);
    if (why === undefined) continue;
    throw new LabError(`These runs cannot be put into one report: ${why}.`, { exitCode: 2 });
  }
  requireDifferentSteps(runs);
  const machines = runs.map(({ machine }) => machine);
  const engine = told(machines.map((machine) => machine.engine));
  const system = runs.find((run) => run.system !== undefined)?.system;
  return {
    ...first,
    command,
    startedAt: runs.map(({ startedAt }) => startedAt).toSorted()[0] ?? first.startedAt,
    endedAt:
      runs
        .map(({ endedAt }) => endedAt)
        .toSorted()
        .at(-1) ?? first.endedAt,
    revision: told(runs.flatMap((run) => sourcesOf(run).map(({ revision }) => revision))),
    ...(system !== undefined && { system }),
    sources: runs.flatMap(sourcesOf),
    machine: {
      ...first.machine,
      kernel: told(machines.map(({ kernel }) => kernel)),
      node: told(machines.map(({ node }) => node)),
      ...(engine !== '' && { engine }),
      loadBefore: Math.max(...machines.map(({ loadBefore }) => loadBefore)),
    },
    versions: versionsOf(runs),
    configurations: Object.assign({}, ...runs.map(({ configurations }) => configurations)),
    measurements: runs.flatMap(({ measurements }) => measurements),
    skipped: runs.flatMap(({ skipped }) => skipped),
  };
}

function whyApart(first: LabData, other: LabData): string | undefined {
  const differing = (['quick', 'standalone'] as const).find((key) => other[key] !== first[key]);
  if (differing !== undefined) return `they differ in "${differing}"`;
  if (machineOf(other) !== machineOf(first)) return 'they were measured on different machines';
  if (isSameSystem(first, other)) return undefined;
  return (
    'they measured different systems: what runs is not the same in ' +
    `${first.revision} and ${other.revision}`
  );
}

/** Runs of before there was a fingerprint are told apart by their commits. */
function isSameSystem(first: LabData, other: LabData): boolean {
  return first.system === undefined || other.system === undefined
    ? first.revision === other.revision
    : first.system === other.system;
}

function requireDifferentSteps(runs: readonly LabData[]): void {
  const seen = new Map<string, LabData>();
  for (const run of runs) {
    for (const { part, configuration, load } of run.measurements) {
      const step = `${part}, ${configuration}, ${load}`;
      const other = seen.get(step);
      if (other !== undefined && other !== run) {
        throw new LabError(`Two of these runs have measured the same: ${step}.`, { exitCode: 2 });
      }
      seen.set(step, run);
    }
  }
}

/** What was merged before stays told apart. */
function sourcesOf(run: LabData): readonly Source[] {
  if (run.sources !== undefined) return run.sources;
  const { command, revision, startedAt, endedAt, machine, measurements } = run;
  const parts = [...new Set(measurements.map(({ part }) => part))];
  return [{ command, revision, startedAt, endedAt, loadBefore: machine.loadBefore, parts }];
}

function versionsOf(runs: readonly LabData[]): LabData['versions'] {
  const names = new Set(runs.flatMap(({ versions }) => Object.keys(versions)));
  return Object.fromEntries(
    [...names].map((name) => [name, told(runs.map(({ versions }) => versions[name]))]),
  );
}

/** Each once: where parts were measured apart, more than one may have run. */
const told = (values: readonly (string | undefined)[]) =>
  [...new Set(values.filter((value) => value !== undefined))].join(', ');

const machineOf = ({ machine: { cores, model, memoryGiB } }: LabData) =>
  `${cores} ${model} ${memoryGiB}`;
