import { fileURLToPath } from 'node:url';
import { describeFailure, exitCodeOf } from './failure.ts';
import { readSettings, usage } from './settings.ts';
import { run } from './run.ts';
import { listenForStop } from './stop-request.ts';
import { createTerminal } from './terminal.ts';

const workspace = fileURLToPath(new URL('../../../', import.meta.url));
const stop = listenForStop();
const terminal = createTerminal(process.stdout, process.stderr);

async function main(): Promise<number> {
  try {
    const settings = readSettings(process.argv.slice(2), process.env, workspace);
    if (settings) await run({ settings, environment: process.env, stop, terminal, workspace });
    else terminal.tell(usage);
    return 0;
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`);
    return exitCodeOf(error);
  }
}

// Whatever is left of a start that was broken off must not keep the process.
process.exit(await main());
