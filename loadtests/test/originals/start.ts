import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@woodytoys/testing';
import { onTestFinished } from 'vitest';

const folder = new URL('../../originals/', import.meta.url);

export interface StartedOriginal {
  /** What it has printed. */
  readonly output: () => string;
  readonly exited: Promise<number | null>;
  /** Where it listens, once it does. @throws when it ended before, with what it printed. */
  readonly url: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Runs a program of loadtests/originals on a free port, with the environment that is given alone. */
export function startOriginal(
  file: string,
  environment: Readonly<Record<string, string>> = {},
): StartedOriginal {
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, folder))], {
    env: { PATH: process.env['PATH'], PORT: '0', NODE_ENV: 'test', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  let ended = false;
  const exited = once(child, 'close').then(([code]) => {
    ended = true;
    return code as number | null;
  });
  return {
    output: () => output,
    exited,
    url: async () => {
      await waitFor(() => ended || /http:\S+/.test(output), 60_000);
      const [found] = /http:\S+/.exec(output) ?? [];
      if (ended || found === undefined) throw new Error(`${file} ended: ${output}`);
      return found;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** A server of the test's own, and how many connections were made to it. */
export async function startServer(
  handler: RequestListener,
): Promise<{ readonly url: string; readonly connections: () => number }> {
  let connections = 0;
  const server = createServer(handler).listen(0, '127.0.0.1');
  server.on('connection', () => (connections += 1));
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, connections: () => connections };
}

export async function textOf(url: string): Promise<{ status: number; type: string; text: string }> {
  const response = await fetch(url);
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    text: await response.text(),
  };
}
