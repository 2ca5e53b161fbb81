import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { StandaloneError, errorCode } from './failure.ts';

/**
 * Runs the system's tar, which every supported system has.
 *
 * @returns what it wrote to standard output.
 * @throws StandaloneError with tar's own words, or that it is missing.
 */
export async function tar(args: readonly string[]): Promise<string> {
  const child = spawn('tar', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  try {
    const [code, output, errors] = await Promise.all([
      ended,
      text(child.stdout),
      text(child.stderr),
    ]);
    if (code === 0) return output;
    throw new StandaloneError(`tar failed: ${errors.trim().split('\n')[0] ?? `code ${code}`}`);
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw cause;
    throw new StandaloneError('The program tar is needed for this and was not found; install it.', {
      cause,
    });
  }
}
