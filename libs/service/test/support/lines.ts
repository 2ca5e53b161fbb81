import type { DestinationStream } from 'pino';
import { createLogger } from '../../src/index.ts';
import type { Logger } from '../../src/index.ts';

/** A logger whose lines can be read back. */
export function createLines(): {
  readonly log: Logger;
  readonly lines: Record<string, unknown>[];
  readonly text: () => string;
} {
  const lines: Record<string, unknown>[] = [];
  let text = '';
  const destination: DestinationStream = {
    write(line) {
      text += line;
      lines.push(JSON.parse(line) as Record<string, unknown>);
    },
  };
  return {
    log: createLogger({ service: 'test', level: 'trace', destination }),
    lines,
    text: () => text,
  };
}
