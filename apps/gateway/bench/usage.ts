import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a process and its children use. Node's own numbers are of no help with nginx. */
export interface Usage {
  /** Milliseconds on a core since the start; NaN where the system does not tell. */
  readonly cpuMs: number;
  /** Bytes, pages that several processes share divided among them; NaN where it is not told. */
  readonly pss: number;
  /** Bytes, shared pages in each process anew. */
  readonly rss: number;
}

/** Reads what a process and all its children use now; Linux tells all of it, others the rss alone. */
export async function usageOf(pid: number): Promise<Usage> {
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
    return { cpuMs: NaN, pss: NaN, rss: Number(stdout) * 1024 };
  }
  let cpuMs = 0;
  let pss = 0;
  let rss = 0;
  for (const member of await withChildren(pid)) {
    cpuMs += await cpuOf(member);
    const rollup = await readFile(`/proc/${member}/smaps_rollup`, 'utf8').catch(() => '');
    pss += kilobytes(rollup, 'Pss') * 1024;
    rss += kilobytes(rollup, 'Rss') * 1024;
  }
  return { cpuMs, pss, rss };
}

async function withChildren(pid: number): Promise<number[]> {
  const found = [pid];
  for (const parent of found) {
    for (const task of await tasksOf(parent)) {
      const path = `/proc/${parent}/task/${task}/children`;
      const children = await readFile(path, 'utf8').catch(() => '');
      found.push(...children.trim().split(' ').filter(Boolean).map(Number));
    }
  }
  return found;
}

/** The scheduler's own account, in nanoseconds; `stat` counts in steps of 10 ms. */
async function cpuOf(pid: number): Promise<number> {
  let nanoseconds = 0;
  for (const task of await tasksOf(pid)) {
    const text = await readFile(`/proc/${pid}/task/${task}/schedstat`, 'utf8').catch(() => '0');
    nanoseconds += Number.parseInt(text, 10);
  }
  return nanoseconds / 1e6;
}

function tasksOf(pid: number): Promise<string[]> {
  return readdir(`/proc/${pid}/task`).catch(() => []);
}

function kilobytes(rollup: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? NaN);
}
