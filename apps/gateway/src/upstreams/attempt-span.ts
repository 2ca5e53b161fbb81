import { isIPv6 } from 'node:net';
import type { Attributes, Span } from '@woodytoys/tracing';
import type { Replica } from './replica.ts';

/** What a span tells of an attempt; the query may hold what nobody else is to read. */
export function beginAttemptSpan(
  parent: Span,
  { method, path, upstream }: { method: string; path: string; upstream: string },
  { address }: Replica,
  resends: number,
): Span {
  const { protocol, host, name = host, port } = address;
  const query = path.indexOf('?');
  const authority = isIPv6(name) ? `[${name}]:${port}` : `${name}:${port}`;
  const attributes: Attributes = {
    'http.request.method': method,
    'server.address': host,
    'server.port': port,
    'url.full': `${protocol}//${authority}${query < 0 ? path : path.slice(0, query)}`,
    'woodytoys.upstream': upstream,
    ...(resends > 0 && { 'http.request.resend_count': resends }),
  };
  return parent.child(method, 'client', attributes);
}

/** `status` is that of the answer, or says why there is none. */
export function endAttemptSpan(span: Span, status: number | string): void {
  if (typeof status === 'number') span.set({ 'http.response.status_code': status });
  // To a client, 4xx is an error too.
  if (typeof status === 'string' || status >= 400) span.fail(String(status));
  span.end();
}

/** The same headers in a list of their own, in which the attempt is what the replica works for. */
export function withTraceparent(headers: readonly string[], { traceparent }: Span): string[] {
  const copy = [...headers];
  for (let index = 0; index < copy.length; index += 2) {
    if (copy[index] === 'traceparent') copy[index + 1] = traceparent;
  }
  return copy;
}
