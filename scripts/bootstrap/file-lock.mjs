import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const HEARTBEAT_MS = 1000;
/** Long against the heartbeat: a holder may stand still while the machine is busy. */
const STALE_AFTER_MS = 15_000;
/** Two that take over the same stale lock at once have both written by then; the last one holds it. */
const SETTLE_MS = 500;

/**
 * Runs `work` while no other process does so with the same lock file; waits for its turn.
 * A holder that was killed is noticed by its missing heartbeat.
 *
 * @param {string} path the lock file
 * @param {() => void} onWait called once when another process holds it
 * @param {() => Promise<T>} work
 * @template T
 * @returns {Promise<T>}
 */
export async function withFileLock(path, onWait, work) {
  const token = randomUUID();
  let told = false;
  while (!(await take(path, token))) {
    if (!told) onWait();
    told = true;
    await sleep(HEARTBEAT_MS);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    // A missed beat is harmless, and a lock that is gone shows when it is released.
    utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if ((await contentOf(path)) === token) await rm(path, { force: true });
  }
}

async function take(path, token) {
  try {
    await writeFile(path, token, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  if (!(await isStale(path))) return false;
  const mine = `${path}.${token}`;
  await writeFile(mine, token);
  await rename(mine, path);
  await sleep(SETTLE_MS);
  return (await contentOf(path)) === token;
}

async function isStale(path) {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > STALE_AFTER_MS;
}

async function contentOf(path) {
  return readFile(path, 'utf8').catch(() => undefined);
}
