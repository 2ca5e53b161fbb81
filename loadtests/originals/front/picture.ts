/**
 * Writes the page's picture of 5 MB, `node picture.ts FILE`: the rings of a tree as PNG, made here
 * since a file of that size has no place in the repository. The same on every machine.
 */
import { writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('Say where to: node picture.ts FILE');
const SIDE = 1_280;
/** Of the wood, dark and light; a ring lies between them. */
const [DARK, LIGHT] = [
  [120, 72, 30],
  [222, 184, 135],
] as const;

/** A scan line each: which filter (none), then red, green and blue of every pixel. */
const lines = Buffer.alloc(SIDE * (1 + 3 * SIDE));
for (let y = 0; y < SIDE; y += 1) {
  for (let x = 0; x < SIDE; x += 1) {
    const [dx, dy] = [x - 0.45 * SIDE, y - 0.55 * SIDE];
    const angle = Math.atan2(dy, dx);
    const radius =
      Math.hypot(dx, dy) * (1 + 0.04 * Math.sin(3 * angle) + 0.02 * Math.sin(7 * angle));
    const light = (1 + Math.sin(radius / 6)) / 2;
    for (const channel of [0, 1, 2] as const) {
      const tone = DARK[channel] + light * (LIGHT[channel] - DARK[channel]);
      lines[y * (1 + 3 * SIDE) + 1 + 3 * x + channel] = Math.round(tone);
    }
  }
}

function chunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([head, body, check]);
}

const header = Buffer.alloc(13);
header.writeUInt32BE(SIDE, 0);
header.writeUInt32BE(SIDE, 4);
// Eight bits for each of red, green and blue.
header.set([8, 2, 0, 0, 0], 8);

writeFileSync(
  file,
  Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    // Not packed: its size is what it is for.
    chunk('IDAT', deflateSync(lines, { level: 0 })),
    chunk('IEND', Buffer.alloc(0)),
  ]),
);
