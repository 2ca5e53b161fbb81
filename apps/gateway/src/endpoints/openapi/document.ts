import { createHash } from 'node:crypto';
import type { Answer } from '../../exchange/answer.ts';
import type { Endpoint } from '../../plugin.ts';

/**
 * An endpoint that answers a document, made at the first request for it: 304 to who has it already.
 * `headers` are names and values in turn.
 */
export function createDocument(headers: readonly string[], make: () => string): Endpoint {
  let made: { readonly body: Buffer; readonly etag: string } | undefined;
  return ({ request }): Answer => {
    if (made === undefined) {
      const body = Buffer.from(make());
      const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
      made = { body, etag };
    }
    const { body, etag } = made;
    const all = [...headers, 'etag', etag, 'cache-control', 'no-cache'];
    const known = request.headers['if-none-match']?.split(',').map((one) => one.trim());
    return known?.includes(etag)
      ? { status: 304, headers: all, body: null }
      : { status: 200, headers: all, body };
  };
}
