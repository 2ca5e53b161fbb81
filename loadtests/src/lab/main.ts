import { LabError } from './failure.ts';
import type { Lab } from './lab.ts';
import { readCommand } from './options.ts';
import { runCommand } from './run-command.ts';
import { createScreen } from './screen.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface MainOptions {
  readonly args: readonly string[];
  /** Where each lab has a folder of reports. */
  readonly reports: string;
  /** Likewise of those that are committed. */
  readonly results: string;
}

/** The whole of the command; a signal ends what runs, and then the command. Gives its exit code. */
export async function labMain(
  labs: readonly Lab[],
  { args, reports, results }: MainOptions,
): Promise<number> {
  const screen = createScreen(process.stdout);
  const interrupted = new AbortController();
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (!interrupted.signal.aborted) screen.tell('Interrupted: taking everything down.');
      interrupted.abort(new LabError('Interrupted; there is no report.', { exitCode: 130 }));
    });
  }
  try {
    const command = readCommand(args, labs);
    if (typeof command === 'string') process.stdout.write(command);
    else await runCommand(command, { reports, results, screen, signal: interrupted.signal });
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
