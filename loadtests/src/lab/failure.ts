/** What ends a lab with one line for its user; everything else that is thrown is a fault of ours. */
export class LabError extends Error {
  /** 2: what was asked for makes no sense; 1: it could not be done; 130: it was interrupted. */
  readonly exitCode: number;

  constructor(
    message: string,
    { exitCode = 1, cause }: { exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

/** The first line of what went wrong, with what a failed command printed. */
export function firstWords(error: unknown): string {
  const { stderr, message } = error as { stderr?: unknown; message?: string };
  const printed = typeof stderr === 'string' ? stderr.trim() : '';
  const lines = (printed || (message ?? String(error))).split('\n').filter(Boolean);
  return lines.at(printed ? -1 : 0) ?? String(error);
}
