import { readFile, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Skipped } from '../lab/engine.ts';
import { LabError } from '../lab/failure.ts';
import type { Measurement } from '../lab/lab.ts';
import type { Machine } from './machine.ts';

/** A run of a lab, as `data.json` has it: a report is made of it, and of nothing else. */
export interface LabData {
  readonly version: 1;
  readonly lab: string;
  /** A short matrix, which proves nothing. */
  readonly quick: boolean;
  readonly standalone: boolean;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly command: string;
  readonly revision: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  /** By name. */
  readonly configurations: Readonly<
    Record<string, { readonly title: string; readonly settings: Readonly<Record<string, string>> }>
  >;
  readonly measurements: readonly Measurement[];
  readonly skipped: readonly Skipped[];
}

const FILE = 'data.json';

/**
 * Reads the run in a folder; "latest" is the newest of the lab's own.
 *
 * @param reports where the labs have their folders.
 * @throws LabError when there is none, or it is of another lab.
 */
export async function readData(reports: string, lab: string, folder: string): Promise<LabData> {
  const chosen = folder === 'latest' ? await latest(reports, lab) : resolve(folder);
  let data: LabData;
  try {
    data = JSON.parse(await readFile(join(chosen, FILE), 'utf8')) as LabData;
  } catch (cause) {
    throw new LabError(`${chosen} has no report: expected ${FILE} of an earlier run in it.`, {
      exitCode: 2,
      cause,
    });
  }
  if (data.version === 1 && data.lab === lab) return data;
  throw new LabError(`${chosen} is a report of the lab "${data.lab}", expected "${lab}".`, {
    exitCode: 2,
  });
}

async function latest(reports: string, lab: string): Promise<string> {
  const folders = await readdir(join(reports, lab)).catch(() => []);
  // Names are times. What is being written begins with a point.
  const newest = folders
    .filter((name) => /^\d/.test(name))
    .toSorted()
    .at(-1);
  if (newest !== undefined) return join(reports, lab, newest);
  throw new LabError(`There is no earlier report of "${lab}" in ${join(reports, lab)}.`, {
    exitCode: 2,
  });
}

/**
 * Puts runs of different parts together, the first first.
 *
 * @throws LabError when they are not of one machine and revision, or have a step in common.
 */
export function mergeData(runs: readonly LabData[], command: string): LabData {
  const [first, ...others] = runs;
  if (first === undefined) throw new LabError('Nothing to merge.', { exitCode: 2 });
  for (const other of others) {
    const differing = (['revision', 'quick', 'standalone'] as const).find(
      (key) => other[key] !== first[key],
    );
    if (differing !== undefined || machineOf(other) !== machineOf(first)) {
      const why =
        differing === undefined
          ? 'were measured on different machines'
          : `differ in "${differing}"`;
      throw new LabError(`These runs cannot be put into one report: they ${why}.`, { exitCode: 2 });
    }
  }
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
  return {
    ...first,
    command,
    startedAt: runs.map(({ startedAt }) => startedAt).toSorted()[0] ?? first.startedAt,
    endedAt:
      runs
        .map(({ endedAt }) => endedAt)
        .toSorted()
        .at(-1) ?? first.endedAt,
    machine: {
      ...first.machine,
      loadBefore: Math.max(...runs.map(({ machine }) => machine.loadBefore)),
    },
    versions: Object.assign({}, ...runs.map(({ versions }) => versions)),
    configurations: Object.assign({}, ...runs.map(({ configurations }) => configurations)),
    measurements: runs.flatMap(({ measurements }) => measurements),
    skipped: runs.flatMap(({ skipped }) => skipped),
  };
}

const machineOf = ({ machine: { cores, model, memoryGiB } }: LabData) =>
  `${cores} ${model} ${memoryGiB}`;
