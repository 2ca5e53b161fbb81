/** `npm run load -- SCENARIO`: the command line. */
import { HELP, parseCommandLine } from './k6/command-line.ts';
import { LoadError } from './k6/failure.ts';
import { load } from './k6/load.ts';
import { createProgressDisplay } from './k6/progress-display.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted.abort(
      new LoadError('Interrupted: k6 has ended, and no result is written.', { exitCode: 130 }),
    );
  });
}

try {
  const request = await parseCommandLine(process.argv.slice(2), process.env);
  if (request === undefined) {
    console.log(HELP);
  } else {
    const held = await load(request, {
      tell: (line) => console.log(line),
      progress: createProgressDisplay(process.stdout),
      signal: interrupted.signal,
    });
    process.exitCode = held ? 0 : 1;
  }
} catch (error) {
  if (!(error instanceof LoadError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
