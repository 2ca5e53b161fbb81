import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import type { InputType } from 'node:zlib';

type Decode = (bytes: InputType, options: { maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: promisify(gunzip) as Decode,
  'x-gzip': promisify(gunzip) as Decode,
  deflate: promisify(inflate) as Decode,
  br: promisify(brotliDecompress) as Decode,
  zstd: promisify(zstdDecompress) as Decode,
};

/** The decoder of a `Content-Encoding`; null for none, undefined for one that is not known. */
export function decoderOf(contentEncoding: string | undefined): Decode | null | undefined {
  const encoding = contentEncoding?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return null;
  return Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding] : undefined;
}

/** Whether decoding ended because the bytes would be more than allowed. */
export function isTooLarge(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
}
