import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Whether a process with that id runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A container without an init keeps ended orphans as zombies for ever.
    return process.platform !== 'linux' || fieldsAfterName(pid)[0] !== 'Z';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * When a process began, as text that only serves to be compared: ids of processes are used again,
 * an id with its start is not. `undefined` when there is no such process.
 */
export async function startOf(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') {
      return fieldsAfterName(pid)[19];
    }
    return (await ps(pid, 'lstart=')) || undefined;
  } catch {
    return undefined;
  }
}

/** Whether that process is a PostgreSQL server working on `cluster`. */
export async function servesCluster(pid: number, cluster: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  try {
    if (process.platform === 'linux') return (await readlink(`/proc/${pid}/cwd`)) === cluster;
    const command = await ps(pid, 'command=');
    return command.includes('postgres') && command.includes(cluster);
  } catch {
    return false;
  }
}

/** Waits until a process is gone. @returns false when it is still there after `timeoutMs`. */
export async function waitForEnd(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** Fields 3 (state), 4, … 22 (start) of `/proc/PID/stat`; the name before them may hold spaces. */
function fieldsAfterName(pid: number): string[] {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return line.slice(line.lastIndexOf(')') + 2).split(' ');
}

async function ps(pid: number, column: string): Promise<string> {
  const { stdout } = await promisify(execFile)('ps', ['-o', column, '-p', `${pid}`]);
  return stdout.trim();
}
