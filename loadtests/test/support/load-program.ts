import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../src/load.ts', import.meta.url));

export interface RunningLoad {
  readonly child: ChildProcess;
  /** What it has printed so far, errors included. */
  output(): string;
  readonly exitCode: Promise<number | null>;
}

/** What `npm run load -- ARGUMENTS` runs. */
export function startLoadProgram(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): RunningLoad {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const exitCode = once(child, 'close').then(([code]) => code as number | null);
  return { child, output: () => output, exitCode };
}

/** Waits for its end. */
export async function runLoadProgram(
  args: readonly string[],
  environment?: NodeJS.ProcessEnv,
): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const running = startLoadProgram(args, environment);
  const exitCode = await running.exitCode;
  return { exitCode, output: running.output() };
}
