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
  /** The commit, or those of the parts. */
  readonly revision: string;
  /** A fingerprint of what ran, where it is known: parts of different commits may have the same. */
  readonly system?: string;
  /** Where parts were measured apart: when and of which commit each run was. */
  readonly sources?: readonly Source[];
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  /** By name. */
  readonly configurations: Readonly<
    Record<string, { readonly title: string; readonly settings: Readonly<Record<string, string>> }>
  >;
  readonly measurements: readonly Measurement[];
  readonly skipped: readonly Skipped[];
}

/** A run that was merged with others. */
export interface Source {
  readonly command: string;
  readonly revision: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly loadBefore: number;
  readonly parts: readonly string[];
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
