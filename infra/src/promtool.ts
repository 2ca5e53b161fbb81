/** Runs promtool: the machine's own, or the one of the image that the compose stack uses. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { docker, imageAvailable, missingEngine } from './compose.ts';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../prometheus', import.meta.url));

/** Runs one command in the folder `prometheus/`; rejects with what it printed when it fails. */
export type Promtool = (...args: readonly string[]) => Promise<string>;

/** A promtool, or why this machine has none. */
export async function findPromtool(): Promise<Promtool | string> {
  const local: Promtool = async (...args) => {
    const { stdout, stderr } = await run('promtool', [...args], { cwd: folder });
    return stdout + stderr;
  };
  try {
    await local('--version');
    return local;
  } catch {
    const missing = await missingEngine();
    if (missing) return `no promtool on the PATH, and ${missing}`;
  }
  const image = await prometheusImage();
  if (!(await imageAvailable(image))) return `no promtool on the PATH, and no image ${image}`;
  const mount = `${folder}:/rules:ro`;
  return (...args) =>
    docker('run', '--rm', '-v', mount, '-w', '/rules', '--entrypoint', 'promtool', image, ...args);
}

async function prometheusImage(): Promise<string> {
  const { services } = JSON.parse(await docker('compose', 'config', '--format', 'json')) as {
    services: Readonly<Record<string, { image?: string }>>;
  };
  return services['prometheus']?.image ?? 'prom/prometheus';
}
