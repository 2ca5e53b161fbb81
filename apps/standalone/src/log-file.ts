import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** Two files of this size at most: the present one and the one before. */
const maxBytes = 32 * 1024 * 1024;

export interface LogFile {
  readonly path: string;
  /** Takes one JSON line. */
  write(line: string): void;
  /** Writes what is held back. */
  flush(): void;
  close(): void;
}

export interface LogFileOptions {
  readonly path: string;
  /** Called with each line of level `error` and above. */
  readonly onError: (line: string) => void;
  /** How long lines may be held back, in milliseconds; default 200. */
  readonly flushMs?: number;
}

/**
 * A file for the JSON log lines of all services: written in batches, since there is one line a
 * request, and moved aside when it has grown to 32 MiB, so that a long load test fills no disk.
 */
export function createLogFile({ path, onError, flushMs = 200 }: LogFileOptions): LogFile {
  let descriptor = openSync(path, 'a');
  let size = fstatSync(descriptor).size;
  let held: string[] = [];
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (held.length === 0) return;
    const batch = held.join('');
    held = [];
    if (size > maxBytes) {
      closeSync(descriptor);
      renameSync(path, `${path}.1`);
      descriptor = openSync(path, 'a');
      size = 0;
    }
    size += writeSync(descriptor, batch);
  }

  return {
    path,
    write(line) {
      held.push(line);
      timer ??= setTimeout(flush, flushMs).unref();
      if (isError(line)) {
        flush();
        onError(line);
      }
    },
    flush,
    close() {
      flush();
      closeSync(descriptor);
    },
  };
}

/** Levels come as pino's numbers or as names, depending on the logger's formatters. */
function isError(line: string): boolean {
  return /"level":(?:[5-9]\d|"error"|"fatal")/.test(line.slice(0, 40));
}
