import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@woodytoys/testing/ports';

export interface RunningPlatform {
  /** Where it answers. */
  readonly origin: string;
  /** Ends it as Ctrl-C does, and removes its data. */
  close(): Promise<void>;
}

/**
 * `npm start` on ports of its own with new data; resolves when it is ready.
 *
 * @throws Error with what it has written when it ends before (rejection).
 */
export async function startPlatform(workspace: string): Promise<RunningPlatform> {
  const data = await mkdtemp(join(tmpdir(), 'woodytoys-screenshots-'));
  const [port, privatePort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [join(workspace, 'scripts', 'start.mjs')], {
    cwd: workspace,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PORT: `${port}`,
      PRIVATE_PORT: `${privatePort}`,
      WOODYTOYS_DATA: data,
    },
  });
  const ended = once(child, 'exit');
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (/^ready {2}http/m.test(output)) resolve();
      });
    }
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`npm start ended before it was ready:\n${output}`)));
  });

  async function close(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGINT');
      await ended;
    }
    await rm(data, { recursive: true, force: true });
  }
  try {
    await ready;
  } catch (error) {
    await close();
    throw error;
  }
  return { origin: `http://127.0.0.1:${port}`, close };
}
