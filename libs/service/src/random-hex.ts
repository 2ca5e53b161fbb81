import { randomFillSync } from 'node:crypto';

/** Cut from a block: one call for random bytes costs more than the bytes. */
const BLOCK_BYTES = 4096;
const block = Buffer.alloc(BLOCK_BYTES);
let used = BLOCK_BYTES;

/** As many random bytes as told, up to 4,096, as two hexadecimal digits each. */
export function randomHex(bytes: number): string {
  if (used + bytes > BLOCK_BYTES) {
    randomFillSync(block);
    used = 0;
  }
  const text = block.toString('hex', used, used + bytes);
  used += bytes;
  return text;
}
