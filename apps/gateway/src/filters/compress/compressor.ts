import { pipeline } from 'node:stream';
import type { Readable, Transform } from 'node:stream';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import type { Encoding } from './accept-encoding.ts';

const { constants } = zlib;

/** Of 11: what pays while a client waits. Node's own is 11, fifty times slower. */
const BROTLI_QUALITY = 4;

const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } };

interface Compressor {
  whole(body: Buffer): Promise<Buffer>;
  stream(): Transform & zlib.Zlib;
  readonly flush: number;
}

const brotliWhole = promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliCompress);

const COMPRESSORS: Readonly<Record<Encoding, Compressor>> = {
  gzip: {
    whole: promisify<Buffer, Buffer>(zlib.gzip),
    stream: () => zlib.createGzip(),
    flush: constants.Z_SYNC_FLUSH,
  },
  br: {
    whole: (body) => brotliWhole(body, brotli),
    stream: () => zlib.createBrotliCompress(brotli),
    flush: constants.BROTLI_OPERATION_FLUSH,
  },
  zstd: {
    whole: promisify<Buffer, Buffer>(zlib.zstdCompress),
    stream: () => zlib.createZstdCompress(),
    flush: constants.ZSTD_e_flush,
  },
};

/** A body at hand, packed. */
export function compressWhole(body: Buffer, encoding: Encoding): Promise<Buffer> {
  return COMPRESSORS[encoding].whole(body);
}

/**
 * A stream, packed as it comes. When it is `live`, what has come does not wait for more. Either side
 * that ends or breaks takes the other with it.
 */
export function compressStream(body: Readable, encoding: Encoding, live: boolean): Readable {
  const { stream, flush } = COMPRESSORS[encoding];
  const packed = stream();
  if (live) body.on('data', flusher(packed, flush));
  // An error reaches the reader of `packed`: the pipeline destroys it with the same one.
  pipeline(body, packed, () => undefined);
  packed.on('error', () => {});
  return packed;
}

/** Pieces of one turn of the loop are flushed together. */
function flusher(packed: Transform & zlib.Zlib, flush: number): () => void {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    setImmediate(() => {
      due = false;
      if (!packed.writableEnded && !packed.destroyed) packed.flush(flush);
    });
  };
}
