import { pino, stdSerializers } from 'pino';
import type { DestinationStream, LevelWithSilent, Logger } from 'pino';
import { createLineOutput } from './line-output.ts';
import type { LineOutput } from './line-output.ts';
import { logTime } from './log-time.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export interface LoggerOptions {
  readonly service: string;
  /** `info` unless given. */
  readonly level?: LevelWithSilent;
  /** Standard output unless given. */
  readonly destination?: DestinationStream;
  /** Fields of every line, besides `service`. */
  readonly base?: Readonly<Record<string, unknown>>;
}

const SECRET_KEYS = ['authorization', 'cookie', 'password', '["set-cookie"]', '["x-api-key"]'];
const PLACES = ['', 'headers', 'body', 'request.headers', 'req.headers'];

/** There is one, whatever the number of loggers. */
let standardOutput: LineOutput | undefined;

/**
 * Writes JSON lines: `time` (ISO 8601), `level` as a word, `service`, `msg` and the line's own
 * fields. Lines are written off the event loop in batches of at most 100 ms; a `fatal` line and
 * the end of the process write at once what is left.
 */
export function createLogger({
  service,
  level = 'info',
  destination,
  base,
}: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service, ...base },
      timestamp: logTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: stdSerializers.err, err: stdSerializers.err },
      redact: PLACES.flatMap((place) =>
        SECRET_KEYS.map((key) =>
          place === '' || key.startsWith('[') ? place + key : `${place}.${key}`,
        ),
      ),
    },
    destination ?? (standardOutput ??= createLineOutput()),
  );
}
