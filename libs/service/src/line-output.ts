import { destination as fileDestination } from 'pino';
import type { DestinationStream } from 'pino';

/** Where log lines go that must be written by the end of the process. */
export interface LineOutput extends DestinationStream {
  flush(done?: (error?: Error) => void): void;
  /** Writes at once all that is left, on the event loop. */
  flushSync(): void;
}

/** Each write wakes a thread, at the cost of some forty lines. */
const PIECE_BYTES = 65_536;
const FLUSH_MS = 100;
/** UTF-8 has no more for one of a string's units. */
const MAX_BYTES_OF_UNIT = 3;

/**
 * Standard output for lines that come by the thousand. They are encoded once, into pieces that are
 * written off the event loop: given text, pino's own stream counts the bytes of all that waits at
 * every line, and encodes it twice.
 */
export function createLineOutput(): LineOutput {
  let piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let used = 0;
  let timer: NodeJS.Timeout | undefined;

  function handOver(): void {
    if (used === 0) return;
    const lines = piece.subarray(0, used);
    // The stream keeps what it is given until it is written.
    piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    used = 0;
    writePiece(lines);
  }
  function onTimer(): void {
    timer = undefined;
    handOver();
  }

  /** On the event loop: a write of its own thread could come after lines that are younger. */
  function handOverSync(): void {
    // Read at each write, and not in its types.
    const writer = stream as unknown as { sync: boolean };
    writer.sync = true;
    handOver();
    writer.sync = false;
  }

  // Before the stream's own listener, which writes what it has been given.
  process.once('exit', () => handOverSync());
  const stream = fileDestination({
    dest: 1,
    sync: false,
    contentMode: 'buffer',
    // Each piece is written by itself: joining them is what was saved here.
    minLength: 1,
    maxWrite: 2,
  });
  const writePiece = stream.write.bind(stream) as unknown as (lines: Buffer) => void;
  return {
    write(line) {
      const mostBytes = line.length * MAX_BYTES_OF_UNIT;
      if (used + mostBytes > PIECE_BYTES) handOver();
      if (mostBytes > PIECE_BYTES) {
        writePiece(Buffer.from(line));
        return;
      }
      used += piece.write(line, used);
      timer ??= setTimeout(onTimer, FLUSH_MS);
    },
    flush(done) {
      handOver();
      stream.flush(done);
    },
    flushSync() {
      handOverSync();
      stream.flushSync();
    },
  };
}
