import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { withPalette } from '../src/dashboards/drawing/png.ts';

type Color = readonly [number, number, number];

/** A truecolour PNG whose lines take the five filters of the specification in turn. */
function truecolor(pixels: readonly (readonly Color[])[], depth = 8): Buffer {
  const width = pixels[0]?.length ?? 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(pixels.length, 4);
  header.set([depth, 2, 0, 0, 0], 8);
  const lines = pixels.map((line) => line.flat());
  const filtered = lines.map((line, y) => {
    const up = lines[y - 1] ?? line.map(() => 0);
    return [y % 5, ...line.map((byte, x) => byte - predict(y % 5, line, up, x))];
  });
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(filtered.flat().map((byte) => byte & 0xff)))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function predict(filter: number, line: readonly number[], up: readonly number[], x: number) {
  const a = line[x - 3] ?? 0;
  const b = up[x] ?? 0;
  const c = up[x - 3] ?? 0;
  const nearest = [a, b, c].toSorted(
    (one, other) => Math.abs(a + b - c - one) - Math.abs(a + b - c - other),
  )[0];
  return [0, a, b, (a + b) >> 1, nearest ?? 0][filter] ?? 0;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(data.length, 0);
  numbers.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([numbers.subarray(0, 4), body, numbers.subarray(4)]);
}

/** The pixels of an indexed PNG without filters. */
function indexed(png: Buffer): Color[][] {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const body = png.subarray(at + 4, at + 8 + length);
    expect(png.readUInt32BE(at + 8 + length)).toBe(crc32(body));
    chunks.set(body.toString('latin1', 0, 4), body.subarray(4));
    at += length + 12;
  }
  const width = chunks.get('IHDR')?.readUInt32BE(0) ?? 0;
  const palette = chunks.get('PLTE') ?? Buffer.alloc(0);
  const lines = inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0));
  return Array.from({ length: lines.length / (width + 1) }, (_, y) =>
    Array.from({ length: width }, (_, x): Color => {
      const index = 3 * (lines[y * (width + 1) + 1 + x] ?? 0);
      return [palette[index] ?? 0, palette[index + 1] ?? 0, palette[index + 2] ?? 0];
    }),
  );
}

describe('a picture with a palette', () => {
  it('is the same picture, whatever filters the browser chose', () => {
    const pixels = Array.from({ length: 10 }, (_, y) =>
      Array.from({ length: 12 }, (_, x): Color => [(x * 20) & 0xfe, (y * 24) & 0xfe, 128]),
    );
    expect(indexed(withPalette(truecolor(pixels)))).toEqual(pixels);
  });

  it('keeps the 256 most frequent colours and draws a rare one with the nearest of them', () => {
    const color = (n: number): Color => [(n % 16) * 14, Math.floor(n / 16) * 14, 0];
    const frequent = Array.from({ length: 256 }, (_, n) => [color(n), color(n)]).flat();
    const rare: Color = [2, 0, 0];
    const [line = []] = indexed(withPalette(truecolor([[...frequent, rare]])));
    expect(line.slice(0, -1)).toEqual(frequent);
    expect(line.at(-1)).toEqual(color(0));
  });

  it('is not made of what is no picture of a browser', () => {
    expect(() => withPalette(Buffer.from('<svg xmlns="…"></svg>'))).toThrow(/not a PNG/);
    expect(() => withPalette(truecolor([[[0, 0, 0]]], 16))).toThrow(/depth 16.*expected 8/);
  });
});
