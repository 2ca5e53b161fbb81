import type { IncomingHttpHeaders } from 'node:http';
import { problem } from '@woodytoys/service';

/**
 * Lets only the console's own page, and programs that are no page, do what changes something: a
 * browser tells where a request comes from, and a page of others cannot keep it from that.
 * @throws ProblemError 403
 */
export function requireSameOrigin(headers: IncomingHttpHeaders): void {
  const { origin, 'sec-fetch-site': site } = headers;
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw foreign();
  if (origin === undefined) return;
  // Behind the gateway `host` is this service's own.
  const forwarded = headers['x-forwarded-host'];
  const host = typeof forwarded === 'string' ? forwarded : headers.host;
  if (URL.parse(origin)?.host !== host?.toLowerCase()) throw foreign();
}

function foreign() {
  return problem(
    'WT-FORBIDDEN',
    'Pages of other origins may not ask for this; use the page at /console/.',
  );
}
