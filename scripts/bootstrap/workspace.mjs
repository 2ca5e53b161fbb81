import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with the root package.json. */
export const workspaceRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Node 24 from npm, whatever Node runs this. */
export const platformNode = join(workspaceRoot, 'node_modules', 'node', 'bin', 'node');

/** An error whose message is all that the user needs to see. */
export class BootstrapError extends Error {}

/** Runs `main`, whose result is the exit code; a BootstrapError becomes one line and exit code 1. */
export async function runMain(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
