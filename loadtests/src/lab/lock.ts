import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LabError } from './failure.ts';

interface Holder {
  readonly pid: number;
  readonly lab: string;
  readonly startedAt: string;
}

/**
 * Keeps other labs from running beside this one: they would measure each other. The lock of a
 * process that is gone is taken over.
 *
 * @returns what gives the lock back.
 * @throws LabError naming the lab that runs.
 */
export async function takeLock(path: string, lab: string): Promise<() => Promise<void>> {
  const mine: Holder = { pid: process.pid, lab, startedAt: new Date().toISOString() };
  await mkdir(dirname(path), { recursive: true });
  const content = JSON.stringify(mine);
  try {
    await writeFile(path, content, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = await holderOf(path);
    if (holder !== undefined && runs(holder.pid)) {
      throw new LabError(
        `The lab "${holder.lab}" runs already, since ${holder.startedAt} (process ${holder.pid}), and ` +
          'two at once would measure each other: wait until it has ended, or end it with Ctrl-C.',
      );
    }
    const own = `${path}.${process.pid}`;
    await writeFile(own, content);
    await rename(own, path);
  }
  return async () => {
    if ((await holderOf(path))?.pid === process.pid) await rm(path, { force: true });
  };
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be signalled, and runs.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
