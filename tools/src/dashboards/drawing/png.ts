/**
 * Makes a picture of a browser small: charts have few colours, so one byte a pixel is enough, and no
 * filter is better than the browser's.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const TRUECOLOR = 2;
const TRUECOLOR_WITH_ALPHA = 6;
const INDEXED = 3;
const MOST_COLORS = 256;

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly bytesPerPixel: number;
  readonly bytes: Buffer;
}

/**
 * The same picture with at most 256 colours; the rarest take the colour nearest to them.
 *
 * @param png of 8 bits a channel and not interlaced, as Chromium writes it.
 * @throws for any other.
 */
export function withPalette(png: Buffer): Buffer {
  const { width, height, bytesPerPixel, bytes } = decode(png);
  const counts = new Map<number, number>();
  const colors = new Uint32Array(width * height);
  for (let pixel = 0; pixel < colors.length; pixel += 1) {
    const at = pixel * bytesPerPixel;
    // Seven bits a channel: nobody sees the eighth, and twice as many pixels agree.
    const color = bytes.readUIntBE(at, 3) & 0xfefefe;
    colors[pixel] = color;
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const palette = [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MOST_COLORS)
    .map(([color]) => color);
  const indices = new Map<number, number>();
  for (const color of counts.keys()) indices.set(color, nearest(palette, color));

  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const color = colors[y * width + x] ?? 0;
      lines[y * (width + 1) + 1 + x] = indices.get(color) ?? 0;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, INDEXED, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(channels))),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const channels = (color: number) => [(color >> 16) & 0xff, (color >> 8) & 0xff, color & 0xff];

function nearest(palette: readonly number[], color: number): number {
  const [red = 0, green = 0, blue = 0] = channels(color);
  let best = 0;
  let least = Infinity;
  for (const [index, candidate] of palette.entries()) {
    const [r = 0, g = 0, b = 0] = channels(candidate);
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

function decode(png: Buffer): Pixels {
  const data: Buffer[] = [];
  let header: Buffer | undefined;
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = body;
    if (type === 'IDAT') data.push(body);
    at += length + 12;
  }
  if (!png.subarray(0, SIGNATURE.length).equals(SIGNATURE) || header === undefined) {
    throw new Error('not a PNG; expected the picture that the browser took');
  }
  const [depth, color, , , interlace] = header.subarray(8);
  if (depth !== 8 || interlace !== 0 || (color !== TRUECOLOR && color !== TRUECOLOR_WITH_ALPHA)) {
    throw new Error(
      `a PNG of depth ${depth}, colour type ${color}, interlace ${interlace}; expected 8, 2 or 6, and 0`,
    );
  }
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const bytesPerPixel = color === TRUECOLOR ? 3 : 4;
  const bytes = unfilter(inflateSync(Buffer.concat(data)), width * bytesPerPixel, bytesPerPixel);
  return { width, height, bytesPerPixel, bytes };
}

/** Each line begins with the filter that it was written with (PNG specification, 9.2). */
function unfilter(filtered: Buffer, lineBytes: number, bytesPerPixel: number): Buffer {
  const lines = filtered.length / (lineBytes + 1);
  const bytes = Buffer.alloc(lineBytes * lines);
  for (let line = 0; line < lines; line += 1) {
    const filter = filtered[line * (lineBytes + 1)] ?? 0;
    const start = line * lineBytes;
    for (let x = 0; x < lineBytes; x += 1) {
      const left = x >= bytesPerPixel ? (bytes[start + x - bytesPerPixel] ?? 0) : 0;
      const up = line > 0 ? (bytes[start + x - lineBytes] ?? 0) : 0;
      const upLeft =
        line > 0 && x >= bytesPerPixel ? (bytes[start + x - lineBytes - bytesPerPixel] ?? 0) : 0;
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, upLeft)][filter] ?? 0;
      bytes[start + x] = (filtered[line * (lineBytes + 1) + 1 + x] ?? 0) + predicted;
    }
  }
  return bytes;
}

/** PNG specification, 9.4. */
function paeth(left: number, up: number, upLeft: number): number {
  const estimate = left + up - upLeft;
  const [a, b, c] = [left, up, upLeft].map((value) => Math.abs(estimate - value)) as [
    number,
    number,
    number,
  ];
  if (a <= b && a <= c) return left;
  return b <= c ? up : upLeft;
}
