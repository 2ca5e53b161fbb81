import type { Answer } from '../../exchange/answer.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { headerValue, withHeader } from '../../exchange/header-list.ts';
import type { HeldAnswer } from './stored.ts';

/** How a request was answered, in the words of `X-Cache`. */
export type How = (typeof HOWS)[number];

export const HOWS = [
  ...(['HIT', 'STALE', 'STALE-ERROR', 'MISS', 'REVALIDATED', 'COLLAPSED'] as const),
  // Not asked of the cache, and not to be kept.
  ...(['BYPASS', 'PASS'] as const),
] as const;

/** What a 304 says again (RFC 9110 15.4.5), and what the gateway says of it. */
const NOT_MODIFIED_HEADERS = new Set([
  ...['age', 'cache-control', 'cache-status', 'content-location', 'date', 'etag', 'expires'],
  ...['last-modified', 'vary', 'x-cache'],
]);

/** A kept answer for a client, or 304 when the client has it. */
export function serve(exchange: Exchange, held: HeldAnswer, how: How, status: string): Answer {
  const { stored } = held;
  const age = String(Math.floor(held.ageMs / 1_000));
  const aged =
    how !== 'HIT' && age === '0' ? stored.headers : withHeader(stored.headers, 'age', age);
  const headers = withStatus(aged, how, status);
  if (stored.status === 200 && hasIt(exchange, stored.headers)) {
    return { status: 304, headers: notModifiedHeaders(headers), body: null };
  }
  return { status: stored.status, headers, body: stored.body };
}

/** Says how the cache has handled it: in its own words, and in those of RFC 9211. */
export function withStatus(
  headers: readonly string[],
  how: How,
  status: string,
): readonly string[] {
  return [...headers, 'x-cache', how, 'cache-status', `woodytoys-gateway; ${status}`];
}

export function hitStatus(held: HeldAnswer): string {
  return `hit; ttl=${Math.floor(held.freshLeftMs / 1_000)}`;
}

/** Of an answer that was fetched and kept. */
export function storedWords(validated: boolean, wasStale: boolean): { how: How; status: string } {
  const why = wasStale ? 'fwd=stale' : 'fwd=miss';
  return validated
    ? { how: 'REVALIDATED', status: `${why}; fwd-status=304; stored` }
    : { how: 'MISS', status: `${why}; stored` };
}

/** Whether the client's own copy is the kept answer (RFC 9110 13.1.2 and 13.1.3). */
function hasIt({ request }: Exchange, headers: readonly string[]): boolean {
  const { 'if-none-match': noneMatch, 'if-modified-since': modifiedSince } = request.headers;
  if (noneMatch !== undefined) {
    const etag = headerValue(headers, 'etag');
    if (etag === undefined) return false;
    if (noneMatch.trim() === '*') return true;
    const tags = noneMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
    return tags.some((tag) => withoutWeakness(tag) === withoutWeakness(etag));
  }
  if (modifiedSince === undefined) return false;
  const since = Date.parse(modifiedSince);
  const modified = Date.parse(headerValue(headers, 'last-modified') ?? '');
  return !Number.isNaN(since) && !Number.isNaN(modified) && modified <= since;
}

const withoutWeakness = (tag: string): string => tag.replace(/^W\//, '');

function notModifiedHeaders(headers: readonly string[]): readonly string[] {
  const at = (index: number) => headers[index - (index % 2)] as string;
  return headers.filter((_, index) => NOT_MODIFIED_HEADERS.has(at(index)));
}
