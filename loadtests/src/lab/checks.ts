import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { docker, missingEngine } from '@woodytoys/infra/compose';
import { isFree } from '../k6/ports.ts';
import { LabError } from './failure.ts';
import type { Needs } from './lab.ts';

const GIBIBYTE = 1024 ** 3;
/** The images, their layers and the data of a stack, with room for logs. */
const DISK_BYTES = 3 * GIBIBYTE;

/**
 * Finds out before anything starts what would otherwise show only after minutes.
 *
 * @throws LabError naming the first thing that is missing, and what to do.
 */
export async function checkMachine(needs: readonly Needs[], folder: string): Promise<void> {
  if (needs.some(({ engine }) => engine === true)) {
    const missing = await missingEngine();
    if (missing !== undefined) throw new LabError(`This lab runs in containers: ${missing}.`);
  }
  await checkDisk(folder);
  for (const port of new Set(needs.flatMap(({ ports }) => ports))) await requirePort(port);
}

async function checkDisk(folder: string): Promise<void> {
  const engine = await docker('info', '--format', '{{.DockerRootDir}}').catch(() => '');
  // Where the engine runs in a machine of its own, its folder is not ours to look into.
  const looked = engine !== '' && existsSync(engine) ? [engine, folder] : [folder];
  for (const path of looked) {
    const { bavail, bsize } = await statfs(path);
    const free = bavail * bsize;
    if (free >= DISK_BYTES) continue;
    throw new LabError(
      `${path} has ${(free / GIBIBYTE).toFixed(1)} GiB left, and a lab needs ` +
        `${DISK_BYTES / GIBIBYTE}: make room ("docker system prune" removes what no container uses).`,
    );
  }
}

/** @throws LabError when something listens on that port of 127.0.0.1. */
export async function requirePort(port: number): Promise<void> {
  if (await isFree(port)) return;
  throw new LabError(
    `Port ${port} is in use, and this lab needs it: stop what listens there (a stack that --keep ` +
      'left: docker compose -p woodytoys-lab down --volumes).',
  );
}
