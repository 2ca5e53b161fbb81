import { connect } from 'node:net';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@woodytoys/testing/ports';
import { stopChild } from './processes.ts';
import { findProgram } from './programs.ts';
import type { Cores } from './programs.ts';

export interface BenchRedis {
  readonly url: string | undefined;
  stop(): Promise<void>;
}

/** The Redis that is given, or one of this machine's own, beside backend and load; or none. */
export async function startRedis(given: string | undefined, cores: Cores): Promise<BenchRedis> {
  const program = await findProgram('redis-server');
  if (given !== undefined || program === undefined) return { url: given, stop: async () => {} };
  const port = await freePort();
  const [command, ...args] = cores.rest([
    program,
    ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
  ]);
  const child = spawn(command, args, { stdio: 'ignore' });
  await once(child, 'spawn');
  const stop = () => stopChild(child);
  for (let patience = 100; !(await takesConnections(port)); patience -= 1) {
    if (patience === 0) {
      await stop();
      throw new Error(`redis-server does not listen on ${port} after 5 s`);
    }
    await sleep(50);
  }
  return { url: `redis://127.0.0.1:${port}`, stop };
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
