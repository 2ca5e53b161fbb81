import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { headerValue } from './header-list.ts';

type Decode = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  'x-gzip': promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  deflate: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate),
  br: promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress),
  zstd: promisify<Buffer, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress),
};

/** One on top of another has no use but to swell. */
const MAX_ENCODINGS = 2;

/** A body cannot be unpacked: its encoding is unknown, or it is broken. */
export class DecodeError extends Error {}

/** A body is larger once it is unpacked than it may be. */
export class DecodedTooLarge extends Error {}

/**
 * A body without its `content-encoding`; never more than `maxBytes` are unpacked.
 * @throws DecodeError, DecodedTooLarge (rejections).
 */
export async function decodeBody(
  body: Buffer,
  headers: readonly string[],
  maxBytes: number,
): Promise<Buffer> {
  const names = (headerValue(headers, 'content-encoding') ?? '')
    .split(',', MAX_ENCODINGS + 1)
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > MAX_ENCODINGS) throw new DecodeError('the body is packed too many times');
  let decoded = body;
  // The last one was put on last.
  for (const name of names.reverse()) {
    const decode = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
    if (decode === undefined) throw new DecodeError(`the content-encoding ${name} is unknown`);
    try {
      decoded = await decode(decoded, { maxOutputLength: maxBytes });
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') {
        throw new DecodedTooLarge(`the body has more than ${maxBytes} bytes unpacked`);
      }
      throw new DecodeError(`the body is no whole ${name}`, { cause: error });
    }
  }
  return decoded;
}
