import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../programs.ts';
import type { Cores } from '../programs.ts';
import type { GeneratorTask } from './generator.ts';
import type { LoadResult, Target } from './load.ts';
import { loadWithWrk } from './wrk.ts';

export type { LoadResult, Target } from './load.ts';

const run = promisify(execFile);
const generator = fileURLToPath(new URL('generator.ts', import.meta.url));

/** The two loads that candidates are put under. */
export interface Load {
  /** Which program makes the load without pause. */
  readonly program: string;
  /** Each connection asks again as soon as it has its answer: how many requests can be had. */
  withoutPause(target: Target, seconds: number): Promise<LoadResult>;
  /** Requests arrive at a fixed rate, whatever became of those before: how long each takes. */
  atRate(target: Target, seconds: number, rate: number): Promise<LoadResult>;
}

interface LoadOptions {
  readonly cores: Cores;
  readonly connections: number;
  /** A folder for its files. */
  readonly directory: string;
  /** Ends the load that runs, which then rejects. */
  readonly signal: AbortSignal;
}

export async function createLoad(options: LoadOptions): Promise<Load> {
  const { cores, connections, signal } = options;
  const generate = async (task: GeneratorTask): Promise<LoadResult> => {
    const [command, ...args] = cores.rest([process.execPath, generator, JSON.stringify(task)]);
    const { stdout } = await run(command, args, { signal });
    return JSON.parse(stdout) as LoadResult;
  };
  const program = await findProgram('wrk');
  return {
    program: program === undefined ? "the bench's own generator (wrk is not on the PATH)" : 'wrk',
    withoutPause: (target, seconds) =>
      program === undefined
        ? generate({ ...target, seconds, connections, rate: 0 })
        : loadWithWrk(target, seconds, { ...options, program }),
    atRate: (target, seconds, rate) => generate({ ...target, seconds, connections, rate }),
  };
}
