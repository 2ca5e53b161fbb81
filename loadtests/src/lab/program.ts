/** Programs that a configuration consists of, where it is no compose stack. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from './failure.ts';
import type { Configuration, Running, StartContext } from './lab.ts';

const STARTS_WITHIN_MS = 120_000;
/** Longer than a drain; after it the process is killed. */
const ENDS_WITHIN_MS = 30_000;

export interface ProgramOptions {
  /** As in the name of its log. */
  readonly name: string;
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Answers below 500 once the program is ready. */
  readonly readyUrl: string;
}

export interface Program {
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a program and waits until it answers. Its group is its own, so that Ctrl-C in a terminal
 * reaches the lab alone and the lab ends things in their order.
 *
 * @throws LabError with the last line of its log when it ends, or does not answer in two minutes.
 */
export async function startProgram(
  options: ProgramOptions,
  { signal, scratch }: Pick<StartContext, 'signal' | 'scratch'>,
): Promise<Program> {
  const { name, command, readyUrl } = options;
  const log = join(scratch, `${name}.log`);
  const output = openSync(log, 'a');
  const [file, ...args] = command;
  const child = spawn(file, args, {
    cwd: options.directory,
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, by) => (ended ??= by === null ? `exit code ${code}` : by));

  async function stop(): Promise<void> {
    if (child.pid === undefined || ended !== undefined) return;
    const gone = once(child, 'exit');
    kill(child.pid, 'SIGTERM');
    const late = setTimeout(() => kill(child.pid ?? 0, 'SIGKILL'), ENDS_WITHIN_MS);
    await gone;
    clearTimeout(late);
  }

  const deadline = Date.now() + STARTS_WITHIN_MS;
  while (!(await answers(readyUrl))) {
    if (ended === undefined && !signal.aborted && Date.now() < deadline) {
      await sleep(100);
      continue;
    }
    const reason =
      ended === undefined ? `no answer at ${readyUrl} in two minutes` : `it ended: ${ended}`;
    await stop();
    signal.throwIfAborted();
    const last = (await readFile(log, 'utf8')).trim().split('\n').at(-1);
    throw new LabError(
      `${name} could not be started (${reason}). Its log ends: ${last || 'empty'}`,
    );
  }
  return { pid: child.pid ?? 0, stop };
}

function kill(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status < 500;
  } catch {
    return false;
  }
}

export interface ProgramsOptions {
  readonly name: string;
  readonly title: string;
  /** In the order of their start; they end the other way round. */
  readonly programs: readonly ProgramOptions[];
  readonly target: string;
  readonly ports: readonly number[];
  readonly settings?: Readonly<Record<string, string>>;
}

/** Some programs of this machine, such as those of loadtests/originals. */
export function programsConfiguration(options: ProgramsOptions): Configuration {
  const { name, title, programs, target, ports, settings = {} } = options;
  return {
    name,
    title,
    settings,
    needs: { ports },
    async start(context): Promise<Running> {
      const started: Program[] = [];
      const stop = async () => {
        for (const program of started.splice(0).toReversed()) await program.stop();
      };
      try {
        for (const program of programs) {
          context.say(`starting ${program.name}`);
          started.push(await startProgram(program, context));
        }
      } catch (error) {
        await stop();
        throw error;
      }
      return { target, stop };
    },
  };
}
