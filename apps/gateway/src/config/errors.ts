import type { Mistake } from './types.ts';

/** The configuration cannot be used; `mistakes` has every reason, by file and line. */
export class GatewayConfigError extends Error {
  override readonly name = 'GatewayConfigError';
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    const lines = mistakes.map(({ file, line, message }) => `  ${file}:${line}  ${message}`);
    const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
    super(
      `The gateway's configuration has ${count}; correct and load it again:\n${lines.join('\n')}`,
    );
    this.mistakes = mistakes;
  }
}
