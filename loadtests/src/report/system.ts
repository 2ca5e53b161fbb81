import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What runs while a lab measures, or makes what runs. */
const MEASURED = [
  ...['apps', 'infra', 'libs', 'loadtests', 'nginx', 'prometheus', 'scripts/bootstrap'],
  ...['.dockerignore', 'Dockerfile', 'docker-compose.yml', 'scripts/start.mjs'],
  ...['package.json', 'package-lock.json', 'tsconfig.base.json'],
];
/** In these folders, what no figure can be of: texts, tests, and what makes reports of the figures. */
const BESIDE = [
  /\.md$/,
  /(^|\/)(test|bench)\//,
  /(^|\/)vitest\.config\.ts$/,
  /^libs\/(app-)?testing\//,
  /^loadtests\/src\/report\//,
  /^loadtests\/src\/labs\/[^/]+\/(bars|charts|findings|originals|report|tables)\.ts$/,
];

/** Of what the figures are. */
export interface MeasuredSystem {
  /** The commit, with a mark where what is measured differs from it; "unknown" without git. */
  readonly revision: string;
  /**
   * A fingerprint of the files that run: commits that differ in other files have the same one, and a
   * change has it before and after it is committed. Left out without git.
   */
  readonly system?: string;
}

/** @param folder the repository's root. */
export async function measuredSystem(folder = root): Promise<MeasuredSystem> {
  try {
    const commit = (await git(folder, 'rev-parse', '--short=12', 'HEAD')).trim();
    const files = await committed(folder);
    const changed = await changedFiles(folder);
    for (const path of changed) {
      if (existsSync(join(folder, path))) {
        files.set(path, (await git(folder, 'hash-object', '--', path)).trim());
      } else {
        files.delete(path);
      }
    }
    const hash = createHash('sha256');
    for (const [path, blob] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(`${path}\0${blob}\n`);
    }
    return {
      revision: commit + (changed.length === 0 ? '' : ' with changes that are not committed'),
      system: hash.digest('hex').slice(0, 16),
    };
  } catch {
    return { revision: 'unknown' };
  }
}

/** Hashes by path. */
async function committed(folder: string): Promise<Map<string, string>> {
  const entries = zeroEnded(await git(folder, 'ls-tree', '-r', '-z', 'HEAD', '--', ...MEASURED));
  const files = new Map<string, string>();
  for (const entry of entries) {
    const [description = '', path = ''] = entry.split('\t');
    const [, , blob = ''] = description.split(' ');
    if (isMeasured(path)) files.set(path, blob);
  }
  return files;
}

async function changedFiles(folder: string): Promise<readonly string[]> {
  const listed = await Promise.all([
    git(folder, 'diff', '--name-only', '--relative', '-z', 'HEAD', '--', ...MEASURED),
    git(folder, 'ls-files', '--others', '--exclude-standard', '-z', '--', ...MEASURED),
  ]);
  return listed.flatMap(zeroEnded).filter(isMeasured);
}

const isMeasured = (path: string) => !BESIDE.some((pattern) => pattern.test(path));
const zeroEnded = (text: string) => text.split('\0').filter(Boolean);

async function git(folder: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run('git', args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}
