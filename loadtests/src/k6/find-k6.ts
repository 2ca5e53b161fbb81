/** Where k6 comes from: the PATH, else its container. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { LoadError } from './failure.ts';

const run = promisify(execFile);

/** What runs where k6 is not on the PATH. */
export const K6_IMAGE = 'grafana/k6:1.8.1';
/** The scenarios are TypeScript, which k6 reads by itself from 1.0 on; 2 writes another summary. */
const MAJOR = 1;

export interface K6 {
  /** Such as "1.8.1". */
  readonly version: string;
  readonly from: 'path' | 'container';
}

/**
 * Finds k6 1.x on the PATH, else an engine that runs its image.
 *
 * @throws LoadError that says what to install when there is neither.
 */
export async function findK6(path = process.env.PATH): Promise<K6> {
  const env = { ...process.env, PATH: path };
  const found = await outputOf('k6', ['version'], env);
  const version = versionIn(found);
  if (version !== undefined && Number(version.split('.')[0]) === MAJOR) {
    return { version, from: 'path' };
  }
  const unfit =
    version === undefined
      ? 'k6 is not on the PATH'
      : `k6 on the PATH is ${version}, and 1.x is needed`;

  if ((await outputOf('docker', ['info', '--format', '{{.ServerVersion}}'], env)) === undefined) {
    throw new LoadError(
      `${unfit}, and no Docker engine answers that could run its container. Install k6 1.x ` +
        '(https://grafana.com/docs/k6/latest/set-up/install-k6/), or start Docker.',
    );
  }
  const inImage = await outputOf('docker', ['run', '--rm', K6_IMAGE, 'version'], env);
  const imageVersion = versionIn(inImage);
  if (imageVersion === undefined) {
    throw new LoadError(
      `${unfit}, and its image ${K6_IMAGE} cannot be had. Install k6 1.x ` +
        '(https://grafana.com/docs/k6/latest/set-up/install-k6/), or let Docker reach its registry.',
    );
  }
  return { version: imageVersion, from: 'container' };
}

async function outputOf(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  try {
    return (await run(command, [...args], { env, timeout: 300_000 })).stdout;
  } catch {
    return undefined;
  }
}

function versionIn(output: string | undefined): string | undefined {
  return /^k6 v(\d+\.\d+\.\d+)/m.exec(output ?? '')?.[1];
}
