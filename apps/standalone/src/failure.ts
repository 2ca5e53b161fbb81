import { EmbeddedPostgresError } from '@woodytoys/database/embedded';

/** A start that cannot go on; the message is all that the person at the terminal needs to see. */
export class StandaloneError extends Error {
  /** 2 for a mistake in the command line or the environment, 1 for everything else. */
  readonly exitCode: 1 | 2;

  constructor(message: string, options: ErrorOptions & { readonly exitCode?: 1 | 2 } = {}) {
    super(message, options);
    this.name = 'StandaloneError';
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The code of a system error (`EADDRINUSE`), if it has one. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** What to show at the terminal: one line for what is known, everything for what is not. */
export function describeFailure(error: unknown): string {
  if (error instanceof StandaloneError || error instanceof EmbeddedPostgresError) {
    return error.message;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof StandaloneError ? error.exitCode : 1;
}
