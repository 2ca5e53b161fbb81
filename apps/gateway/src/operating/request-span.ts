import type { Tracing } from '@woodytoys/tracing';
import type { Exchange } from '../exchange/exchange.ts';
import { reasonOf } from '../problems.ts';

/**
 * Makes the gateway's own work a span of the request's trace, below the client's or as its root. From
 * here on the exchange's `traceparent` is that of this span; when the trace is not sampled it has no
 * span, and its `traceparent` says so.
 */
export function beginRequestSpan(tracing: Tracing, exchange: Exchange): void {
  const { request, client, path, trace } = exchange;
  const method = request.method as string;
  const span = tracing.begin(method, 'server', trace.continued ? trace.traceparent : undefined, {
    'http.request.method': method,
    'url.path': path,
    'url.scheme': client.proto,
    'client.address': client.address,
    // Without its port, which may follow an address in brackets.
    'server.address': client.host.replace(/:\d+$/, ''),
  });
  const { traceId, traceparent } = span;
  exchange.trace = { traceId, traceparent, continued: trace.continued };
  if (span.recording) exchange.span = span;
}

export function endRequestSpan(exchange: Exchange, status: number): void {
  const { span, request, routeName, error } = exchange;
  if (span === undefined) return;
  if (routeName !== 'unmatched') {
    span.rename(`${request.method} ${routeName}`);
    span.set({ 'http.route': routeName });
  }
  span.set({ 'http.response.status_code': status });
  if (status >= 500) {
    span.fail(String(status), error === undefined ? undefined : reasonOf(error));
  }
  span.end();
}
