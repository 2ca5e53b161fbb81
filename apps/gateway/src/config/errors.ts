import type { Mistake } from './types.ts';

/** The configuration cannot be used; `mistakes` has every reason, by file and line. */
export class GatewayConfigError extends Error {
  override readonly name = 'GatewayConfigError';
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    const lines = linesOf(mistakes).map((line) => `  ${line}`);
    const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
    super(
      `The gateway's configuration has ${count}; correct and load it again:\n${lines.join('\n')}`,
    );
    this.mistakes = mistakes;
  }
}

/** Each mistake as `file:line  message`. */
export function linesOf(mistakes: readonly Mistake[]): string[] {
  return mistakes.map(({ file, line, message }) => `${file}:${line}  ${message}`);
}
