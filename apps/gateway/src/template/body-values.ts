import type { Exchange } from '../exchange/exchange.ts';
import { isEncoded, isJson, mediaTypeOf } from '../exchange/media-type.ts';
import { bodyMalformed, mediaTypeUnsupported } from '../problems.ts';

/**
 * The request's body as templates read it: JSON, or the fields of a form; undefined when it is empty.
 * @throws ProblemError 413 past `maxBytes`, 415 for another type or a packed body, 400 when it is no
 * JSON (rejections).
 */
export async function readBodyValues(exchange: Exchange, maxBytes: number): Promise<unknown> {
  const body = await exchange.readBody(maxBytes);
  if (body.length === 0) return undefined;
  const { headers } = exchange;
  const type = mediaTypeOf(headers);
  if (isEncoded(headers)) throw mediaTypeUnsupported('a body without content-encoding');
  if (type === 'application/x-www-form-urlencoded') {
    return Object.fromEntries(new URLSearchParams(body.toString()));
  }
  if (!isJson(type)) {
    throw mediaTypeUnsupported('application/json or application/x-www-form-urlencoded');
  }
  return parseJsonBody(body);
}

/** @throws ProblemError 400 when it is no JSON. */
export function parseJsonBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw bodyMalformed(error);
  }
}
