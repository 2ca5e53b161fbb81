import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { DrawnPage } from './page.ts';
import { withPalette } from './png.ts';

const run = promisify(execFile);
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * Takes the picture of a page with the Chromium of this machine.
 *
 * @param file a PNG, written anew.
 * @throws when none of the usual names starts a browser.
 */
export async function screenshot({ html, width, height }: DrawnPage, file: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'woodytoys-dashboard-'));
  const page = join(folder, 'page.html');
  const taken = join(folder, 'page.png');
  const options = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--no-first-run',
    `--user-data-dir=${join(folder, 'profile')}`,
    `--window-size=${width},${height}`,
    `--screenshot=${taken}`,
    pathToFileURL(page).href,
  ];
  try {
    await writeFile(page, html);
    for (const name of NAMES) {
      try {
        await run(name, options, { timeout: 120_000 });
        await writeFile(file, withPalette(await readFile(taken)));
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    throw new Error(`no Chromium: install one that starts as ${NAMES.join(' or ')}`);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
