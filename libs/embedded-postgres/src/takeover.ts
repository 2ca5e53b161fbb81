import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from './log.ts';
import { isAlive, servesCluster, waitForEnd } from './process-table.ts';

/**
 * Ends the server that an owner killed earlier left running on this cluster, and removes the pid
 * file of one that is gone. Call it as the folder's owner only.
 */
export async function takeOver(cluster: string, log: Log): Promise<void> {
  const file = join(cluster, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return;

  const pid = Number(text.split('\n')[0]);
  if (pid > 0 && (await servesCluster(pid, cluster))) {
    log.warn({ pid, cluster }, 'a database server was left running by an earlier start; ending it');
    await stopServer(pid);
  }
  await rm(file, { force: true });
}

/**
 * Ends a server: `SIGINT` closes connections and writes everything; `SIGQUIT` leaves the rest to
 * recovery; `SIGKILL` is for one that hangs.
 */
export async function stopServer(pid: number): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 3_000],
    ['SIGKILL', 3_000],
  ] as const) {
    if (!isAlive(pid)) return;
    process.kill(pid, signal);
    if (await waitForEnd(pid, patienceMs)) return;
  }
  throw new Error(`The database server with process id ${pid} did not end; end it by hand.`);
}
