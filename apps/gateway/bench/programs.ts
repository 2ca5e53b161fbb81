import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';

/** The full path of a program on the PATH; undefined when it is not there. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  // Distributions keep servers in folders that an ordinary account's PATH leaves out.
  for (const folder of [...folders, '/usr/sbin', '/usr/local/sbin']) {
    const path = join(folder, name);
    const there = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  return undefined;
}

/** A command with its arguments. */
export type Command = readonly [string, ...string[]];

/** Which core a process runs on. */
export interface Cores {
  /** What the bench prints of it. */
  readonly description: string;
  /** The command on the candidate's core. */
  candidate(command: Command): Command;
  /** The command on the core of backend and load. */
  rest(command: Command): Command;
}

/**
 * One core for the candidate, another for backend and load, where `taskset` is to be had. A single
 * core for the candidate is what makes its requests a second a measure of its work.
 */
export async function chooseCores(): Promise<Cores> {
  const taskset = await findProgram('taskset');
  if (process.platform !== 'linux' || taskset === undefined || availableParallelism() < 2) {
    const same = (command: Command) => command;
    return { description: 'not pinned', candidate: same, rest: same };
  }
  const on = (core: number) => (command: Command) =>
    [taskset, '--cpu-list', String(core), ...command] as const;
  return {
    description: 'candidate on core 1, backend and load on core 0',
    candidate: on(1),
    rest: on(0),
  };
}
