import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { badRequest, bodyTooLarge } from '../problems.ts';

/**
 * Bodies up to this are read whole before anything is sent: a slow sender then holds no connection
 * to a replica, and the replica gets a plain `Content-Length`.
 */
const BUFFERED_BYTES = 64_000;

/**
 * The request's body: null when it has none, a buffer when it is small and of known length, else a
 * stream that ends with an error past `maxBytes`.
 * @throws ProblemError 413 when it says itself that it is larger than `maxBytes`.
 */
export function requestBody(
  request: IncomingMessage,
  maxBytes: number,
): null | Promise<Buffer> | Readable {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined) {
    if (length === undefined || length === '0') return null;
    const bytes = Number(length);
    if (bytes > maxBytes) throw bodyTooLarge(maxBytes);
    if (bytes <= BUFFERED_BYTES) return readWhole(request);
  }
  return new LimitedBody(request, maxBytes);
}

/**
 * The request's body in one piece, of known length or not; empty when it has none.
 * @throws ProblemError 413 past `maxBytes`, 400 when it ends too soon (rejections).
 */
export async function wholeBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const body = requestBody(request, maxBytes);
  if (body === null) return Buffer.alloc(0);
  if (body instanceof Promise) return body;
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function readWhole(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () =>
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
    );
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(badRequest('The body ended before its length was reached.'));
    });
  });
}

/**
 * A request's body of unknown or greater length. It stands between the request and the upstream:
 * what ends the upstream's side must not cut the client's connection, which still gets an answer.
 */
class LimitedBody extends Readable {
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage, maxBytes: number) {
    super({ highWaterMark: 64 * 1024 });
    this.#request = request;
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) this.destroy(bodyTooLarge(maxBytes));
      else if (!this.push(chunk)) request.pause();
    };
    const onEnd = () => this.push(null);
    const onClose = () => {
      if (!request.complete) this.destroy(badRequest('The client went before its body was whole.'));
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose).pause();
    // When the upstream answered without reading it all, there is nobody left to tell.
    this.on('error', () => {});
    this.once('close', () => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      // Without a reader the rest of the body would hold up the connection's next request.
      request.resume();
    });
  }

  override _read(): void {
    this.#request.resume();
  }
}
