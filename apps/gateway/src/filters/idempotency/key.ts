import { createHash } from 'node:crypto';
import type { Exchange } from '../../exchange/exchange.ts';
import { idempotencyKeyInvalid } from '../../problems.ts';

const LONGEST_KEY = 255;
const KEY = new RegExp(`^[\\x21-\\x7e]{1,${LONGEST_KEY}}$`);

export const KEY_HEADERS = ['Idempotency-Key', 'X-Request-Id'] as const;
export type KeyHeader = (typeof KEY_HEADERS)[number];

/**
 * The request's `Idempotency-Key`, without the quotes that a structured string has; undefined when
 * there is none. Or its `X-Request-Id`, if it came with one that the gateway takes.
 * @throws ProblemError 400 when it is no key, or there are two.
 */
export function idempotencyKey(
  { request, requestId }: Exchange,
  header: KeyHeader,
): string | undefined {
  if (header === 'X-Request-Id') {
    return request.headers['x-request-id'] === requestId ? requestId : undefined;
  }
  const values = request.headersDistinct['idempotency-key'];
  if (values === undefined) return undefined;
  if (values.length > 1) throw idempotencyKeyInvalid('The request has two Idempotency-Key headers');
  const key = (values[0] as string).replace(/^"(.*)"$/, '$1');
  if (KEY.test(key)) return key;
  throw idempotencyKeyInvalid(
    `The Idempotency-Key is not 1 to ${LONGEST_KEY} visible ASCII characters`,
  );
}

/** Whose key it is and for what, in a digest: two clients may choose the same one. */
export function scopeOf(exchange: Exchange, route: string, key: string): string {
  const who = exchange.subject ?? ['client', exchange.client.address];
  return digest(JSON.stringify([route, exchange.request.method, who, key]));
}

/** What a repeat has in common with the first request. */
export function fingerprintOf({ request, path, query, subject }: Exchange, body: Buffer): string {
  const { 'content-type': type = '', authorization } = request.headers;
  // Where the gateway does not know who asks, the service may: of two behind one address, neither
  // must get the other's answer.
  const who = subject === undefined ? [authorization ?? ''] : [];
  return digest(JSON.stringify([request.method, path, query, type, ...who]), body);
}

function digest(text: string, body?: Buffer): string {
  const hash = createHash('sha256').update(text);
  if (body !== undefined) hash.update(body);
  return hash.digest('base64url');
}
