import { type Logger, pino } from 'pino';

export type LogLine = { readonly level: number; readonly msg: string } & Record<string, unknown>;

/** A logger that writes nothing and keeps every line, its children's too, for a test to read. */
export type TestLogger = Logger & { readonly lines: readonly LogLine[] };

export function createTestLogger(): TestLogger {
  const lines: LogLine[] = [];
  const write = (text: string) => {
    lines.push(JSON.parse(text) as LogLine);
  };
  return Object.assign(pino({ level: 'trace' }, { write }), { lines });
}
