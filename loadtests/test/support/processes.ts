import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The ids of a process' children of that name, and of theirs. */
export async function childrenNamed(name: string, parent: number): Promise<readonly number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,stat=,comm=']);
  const all = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, ppid, state, comm]) => ({ pid: Number(pid), ppid: Number(ppid), state, comm }));
  const below = (id: number): typeof all => {
    const own = all.filter(({ ppid }) => ppid === id);
    return [...own, ...own.flatMap(({ pid }) => below(pid))];
  };
  return below(parent)
    .filter(({ comm, state }) => comm === name && !state?.startsWith('Z'))
    .map(({ pid }) => pid);
}
