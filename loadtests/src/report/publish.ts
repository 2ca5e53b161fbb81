import { chmod, cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Puts a copy of a report where the one of before is: all of it or, when anything fails, nothing.
 *
 * @param report its folder.
 * @param place the folder that the copy is to be.
 */
export async function publishReport(report: string, place: string): Promise<void> {
  await mkdir(dirname(place), { recursive: true });
  const unfinished = await mkdtemp(join(dirname(place), '.unfinished-'));
  try {
    await cp(report, unfinished, { recursive: true });
    await chmod(unfinished, 0o755);
    await rm(place, { recursive: true, force: true });
    await rename(unfinished, place);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}
