import { randomFillSync } from 'node:crypto';

/** Cut from a block: one call for random bytes costs more than the bytes, and so does one for digits. */
const BLOCK_BYTES = 4096;
const block = Buffer.alloc(BLOCK_BYTES);
let digits = '';
let used = 0;

/** As many random bytes as told, up to 4,096, as two hexadecimal digits each. */
export function randomHex(bytes: number): string {
  if (used + 2 * bytes > digits.length) {
    digits = randomFillSync(block).toString('hex');
    used = 0;
  }
  const begin = used;
  used += 2 * bytes;
  return digits.slice(begin, used);
}
