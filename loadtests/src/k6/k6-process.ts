/** A process of k6, from its start to its end. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import type { Command } from './command.ts';
import { LoadError } from './failure.ts';

/** For what is under way, and k6's own end; then it is killed. */
const ENDS_WITHIN_MS = 45_000;
const ERRORS_KEPT = 4_000;

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
  /** The end of what it wrote to standard error. */
  readonly errors: string;
}

/**
 * Runs k6 to its end, which `signal` brings about early; nothing of it is left then.
 *
 * @throws LoadError when it cannot be started.
 */
export async function runK6(
  { file, args, env, container }: Command,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  // A group of its own: Ctrl-C in a terminal reaches this process alone, which then ends k6 once.
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (errors = (errors + text).slice(-ERRORS_KEPT)));
  let late: NodeJS.Timeout | undefined;
  const kill = () => child.kill('SIGKILL');
  const interrupt = () => {
    child.kill('SIGINT');
    late = setTimeout(kill, ENDS_WITHIN_MS);
  };
  signal?.addEventListener('abort', interrupt, { once: true });
  if (signal?.aborted) interrupt();
  process.once('exit', kill);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output, errors };
  } catch (cause) {
    throw new LoadError(`k6 could not be run: ${(cause as Error).message}.`, { cause });
  } finally {
    clearTimeout(late);
    process.off('exit', kill);
    signal?.removeEventListener('abort', interrupt);
    // A container outlives a killed client.
    if (container !== undefined) await removeContainer(container);
  }
}

async function removeContainer(name: string): Promise<void> {
  await promisify(execFile)('docker', ['rm', '--force', name]).catch(() => {});
}

/** The first line of k6's last words that names an error. */
export function essence({ errors }: Outcome): string {
  const lines = errors.split('\n').filter((line) => line.trim() !== '');
  return (
    lines.find((line) => /error|cannot|invalid|failed/i.test(line)) ?? lines.at(-1) ?? 'no word'
  );
}
