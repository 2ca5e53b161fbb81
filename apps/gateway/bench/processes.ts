import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from './programs.ts';

/** A process that the bench has started. */
export interface Started {
  readonly pid: number;
  stop(): Promise<void>;
}

const START_MS = 20_000;
const STOP_MS = 10_000;

/**
 * Starts a program with its output in a file, and waits until `url` answers 200.
 * @throws Error when it ends or does not answer (rejection); the file says why.
 */
export async function startProcess(
  [program, ...args]: Command,
  options: ProcessOptions,
): Promise<Started> {
  const { env, output, url, signal } = options;
  signal?.throwIfAborted();
  const file = await open(output, 'w');
  const child = spawn(program, args, {
    stdio: ['ignore', file.fd, file.fd],
    env: { ...process.env, NODE_ENV: 'production', ...env },
  });
  await once(child, 'spawn');
  await file.close();
  const stop = () => stopChild(child);
  try {
    await untilAnswering(child, options);
  } catch (error) {
    await stop();
    signal?.throwIfAborted();
    throw new Error(`${program} ${args.join(' ')} does not serve ${url}; see ${output}`, {
      cause: error,
    });
  }
  return { pid: child.pid as number, stop };
}

interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The file for standard output and error. */
  readonly output: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the wait, and the program with it; who has the program stops it from then on. */
  readonly signal?: AbortSignal;
}

async function untilAnswering(
  child: ChildProcess,
  { url, headers = {}, signal }: ProcessOptions,
): Promise<void> {
  let last: unknown;
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(50)) {
    signal?.throwIfAborted();
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    try {
      const response = await fetch(url, { headers });
      const body = await response.text();
      if (response.ok) return;
      last = new Error(`${response.status} ${body}`);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

/** Ends a process; one that does not go is killed. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(late);
}
