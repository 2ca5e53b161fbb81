import type { IncomingMessage } from 'node:http';
import type { Exchange } from './exchange.ts';

/** The span of one request. */
export interface HttpSpan {
  readonly traceId: string;
  readonly recording: boolean;
  set(attributes: Readonly<Record<string, string | number | boolean>>): void;
  rename(name: string): void;
  fail(type: string): void;
  end(): void;
}

/** Makes spans of requests; `Tracing` of the tracing library is one. */
export interface HttpTracing {
  begin(
    name: string,
    kind: 'server',
    traceparent: string | undefined,
    attributes: Readonly<Record<string, string | number | boolean>>,
  ): HttpSpan;
  run<T>(span: HttpSpan, work: () => T): T;
}

/** Begins the span of a request, below that of its caller. The query may hold what nobody else is to read. */
export function beginHttpSpan(
  tracing: HttpTracing,
  { method = '', headers }: IncomingMessage,
  path: string,
): HttpSpan {
  const { traceparent } = headers;
  return tracing.begin(
    method,
    'server',
    typeof traceparent === 'string' ? traceparent : undefined,
    {
      'http.request.method': method,
      'url.path': path,
      'url.scheme': 'http',
    },
  );
}

/** @param failure the code of the problem that was answered, where it was the service's own fault */
export function endHttpSpan(
  span: HttpSpan,
  method: string,
  { route, failure }: Pick<Exchange, 'route' | 'failure'>,
  status: number,
): void {
  if (route !== 'unmatched') {
    span.rename(`${method} ${route}`);
    span.set({ 'http.route': route });
  }
  span.set({ 'http.response.status_code': status });
  if (status >= 500) span.fail(failure ?? String(status));
  span.end();
}
