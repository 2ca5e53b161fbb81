import { symbols } from 'pino';
import type { DestinationStream, Logger } from 'pino';

/** The parts of a pino logger that make up a line. */
interface LineParts {
  readonly [symbols.streamSym]: DestinationStream;
  /** `,"service":"…"` and what else a logger and its parents are bound to. */
  readonly [symbols.chindingsSym]: string;
}

/**
 * Makes a function that writes `info` lines whose fields are JSON already, as `,"name":value` in
 * turn: the same line that `log.info(fields, message)` writes, without its walk over an object. Only
 * for a line that is written for every request, whose fields hold no secret: nothing is redacted.
 */
export function createInfoLines(log: Logger, message: string): (fields: string) => void {
  const parts = log as unknown as LineParts;
  const end = `,"msg":${JSON.stringify(message)}}\n`;
  let millisecond = 0;
  let begin = '';
  return (fields) => {
    if (!log.isLevelEnabled('info')) return;
    const now = Date.now();
    if (now !== millisecond) {
      millisecond = now;
      begin = `{"level":"info","time":"${new Date(now).toISOString()}"`;
    }
    parts[symbols.streamSym].write(begin + parts[symbols.chindingsSym] + fields + end);
  };
}

/** Needs an escape in JSON, or may: a quote, a backslash, a control character, what is not ASCII. */
const ESCAPED = /["\\]|[^ -~]/;

/** A text as JSON. */
export function jsonText(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}
