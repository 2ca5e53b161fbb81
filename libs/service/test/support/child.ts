import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly output: string;
  readonly lines: Record<string, unknown>[];
}

const HERE = fileURLToPath(new URL('../..', import.meta.url));

/** Called with all of a process's output whenever there is more. */
export type Watch = (output: string, child: ChildProcess) => void;

/** Runs `script` as a module at the root of this library, in a process of its own, to its end. */
export function runScript(script: string, watch?: Watch): Promise<Ended> {
  return runNode(['--input-type=module-typescript', '--eval', script], watch);
}

/** Runs `node` with the given arguments to its end. */
export function runNode(args: readonly string[], watch: Watch = () => {}): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    cwd: HERE,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    watch(output, child);
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => {
      const lines = output
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      done({ code, output, lines });
    });
  });
}
