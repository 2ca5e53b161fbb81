import type { IncomingHttpHeaders } from 'node:http';

/** The longest path that `x-forwarded-path` carries, in characters. */
export const maxPublicPath = 2_048;

/** What a path may hold on a request line, so neither `?` nor `#`; `//host` would be a URL elsewhere. */
const PATH = /^\/(?!\/)[!"$->@-~]*$/;

/**
 * The path that the client asked the gateway for, without the query: in `x-forwarded-path`, which
 * the gateway alone writes. Undefined for a request that did not come through it.
 */
export function publicPathOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['x-forwarded-path'];
  if (typeof given !== 'string' || given.length > maxPublicPath) return undefined;
  return PATH.test(given) ? given : undefined;
}
