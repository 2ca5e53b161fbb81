/** What ends a command with one line for its user; everything else that is thrown is a fault of ours. */
export class CommandFailure extends Error {
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
