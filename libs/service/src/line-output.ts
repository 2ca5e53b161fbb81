import { destination as fileDestination } from 'pino';
import type { DestinationStream } from 'pino';

/** Where log lines go that must be written by the end of the process. */
export interface LineOutput extends DestinationStream {
  flush(done?: (error?: Error) => void): void;
  /** Writes at once all that is left, on the event loop. */
  flushSync(): void;
}

/** Each write wakes a thread, at the cost of some forty lines. */
const PIECE_LENGTH = 16_384;
const MAX_WRITE_BYTES = 65_536;
const FLUSH_MS = 100;

/**
 * Standard output for lines that come by the thousand. They are put together here and written in
 * pieces, off the event loop: pino's own stream counts the bytes of all that waits at every line.
 */
export function createLineOutput(): LineOutput {
  let pending = '';
  let timer: NodeJS.Timeout | undefined;

  function handOver(): void {
    if (pending === '') return;
    const lines = pending;
    pending = '';
    stream.write(lines);
  }
  function onTimer(): void {
    timer = undefined;
    handOver();
    stream.flush();
  }

  // Before the stream's own listener, which writes what it has been given.
  process.once('exit', handOver);
  const stream = fileDestination({
    dest: 1,
    sync: false,
    minLength: PIECE_LENGTH,
    maxWrite: MAX_WRITE_BYTES,
  });
  return {
    write(line) {
      pending += line;
      if (pending.length >= PIECE_LENGTH) handOver();
      else timer ??= setTimeout(onTimer, FLUSH_MS);
    },
    flush(done) {
      handOver();
      stream.flush(done);
    },
    flushSync() {
      handOver();
      stream.flushSync();
    },
  };
}
