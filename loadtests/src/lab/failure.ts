import { CommandFailure } from '../command-failure.ts';

/** What ends a lab. */
export class LabError extends CommandFailure {}

/** The first line of what went wrong, with what a failed command printed. */
export function firstWords(error: unknown): string {
  const { stderr, message } = error as { stderr?: unknown; message?: string };
  const printed = typeof stderr === 'string' ? stderr.trim() : '';
  const lines = (printed || (message ?? String(error))).split('\n').filter(Boolean);
  return lines.at(printed ? -1 : 0) ?? String(error);
}
