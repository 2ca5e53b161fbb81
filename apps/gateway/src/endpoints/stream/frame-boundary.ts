const MASKED = 0x80;
const LENGTH_BITS = 0x7f;

/**
 * Follows the frames of one direction of a WebSocket (RFC 6455 5.2), to know where one of our own may
 * stand between them. Payloads are not looked at.
 */
export class FrameBoundary {
  /** Of a frame's head, as far as it has come. */
  #head: number[] = [];
  /** Of its payload, still to come. */
  #left = 0;

  /** Whether all that came ends with the end of a frame. */
  get atEnd(): boolean {
    return this.#left === 0 && this.#head.length === 0;
  }

  take(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#left -= taken;
        at += taken;
        continue;
      }
      this.#head.push(chunk[at] as number);
      at += 1;
      if (this.#head.length < 2 || this.#head.length < headBytes(this.#head)) continue;
      this.#left = payloadBytes(this.#head);
      this.#head = [];
    }
  }
}

function headBytes([, second = 0]: readonly number[]): number {
  return 2 + extendedBytes(second) + (second & MASKED ? 4 : 0);
}

function extendedBytes(second: number): number {
  const length = second & LENGTH_BITS;
  if (length === 126) return 2;
  return length === 127 ? 8 : 0;
}

function payloadBytes(head: readonly number[]): number {
  const second = head[1] as number;
  const extended = extendedBytes(second);
  if (extended === 0) return second & LENGTH_BITS;
  return head.slice(2, 2 + extended).reduce((bytes, byte) => bytes * 256 + byte, 0);
}
