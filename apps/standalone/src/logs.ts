import { join } from 'node:path';
import { createLogger } from '@woodytoys/service';
import type { Logger } from '@woodytoys/service';
import { createLogFile } from './log-file.ts';
import type { Settings } from './settings.ts';
import type { Terminal } from './terminal.ts';

export interface Logs {
  readonly path: string;
  /** The logger of one service; errors are shown at the terminal as well. */
  for(service: string): Logger;
  close(): void;
}

/** One file for the logs of every service, in `folder`. */
export function openLogs(
  folder: string,
  { logLevel }: Pick<Settings, 'logLevel'>,
  terminal: Terminal,
): Logs {
  const path = join(folder, 'platform.log');
  const destination = createLogFile({ path, onError: terminal.showError });
  const loggers = new Map<string, Logger>();
  return {
    path,
    for(service) {
      const logger =
        loggers.get(service) ?? createLogger({ service, level: logLevel, destination });
      loggers.set(service, logger);
      return logger;
    },
    close: () => destination.close(),
  };
}
