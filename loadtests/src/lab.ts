/** `npm run lab -- NAME`: builds a situation, loads it, measures it, and writes a report. */
import { fileURLToPath } from 'node:url';
import { LabError } from './lab/failure.ts';
import { readCommand } from './lab/options.ts';
import { createScreen } from './lab/screen.ts';
import { runCommand } from './lab/run-command.ts';
import { labs } from './labs/index.ts';

const reports = fileURLToPath(new URL('../../reports/', import.meta.url));
const screen = createScreen(process.stdout);
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!interrupted.signal.aborted) screen.tell('Interrupted: taking everything down.');
    interrupted.abort(new LabError('Interrupted; there is no report.', { exitCode: 130 }));
  });
}

async function main(): Promise<number> {
  try {
    const command = readCommand(process.argv.slice(2), labs);
    if (typeof command === 'string') process.stdout.write(command);
    else await runCommand(command, { reports, screen, signal: interrupted.signal });
    return 0;
  } catch (thrown) {
    screen.clear();
    const error = interrupted.signal.aborted ? interrupted.signal.reason : thrown;
    const { exitCode, message, stack } = error as Partial<LabError>;
    // What was foreseen says what to do; a fault of ours has to be found.
    process.stderr.write(`${exitCode === undefined ? (stack ?? String(error)) : message}\n`);
    return exitCode ?? 1;
  }
}

process.exit(await main());
