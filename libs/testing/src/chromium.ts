import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The names that distributions and its maker give it; the same engine is in all. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MACOS = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** The binary that `WT_TEST_CHROMIUM` names, or that of this machine; `undefined` without one. */
export function findChromium(): string | undefined {
  const named = process.env['WT_TEST_CHROMIUM'];
  if (named) return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const places = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...places, MACOS].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
