import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { requestIdOf, traceIdOf } from './request-id.ts';
import type { HttpObserver } from './api.ts';
import { beginHttpSpan, endHttpSpan } from './http-tracing.ts';
import type { HttpSpan, HttpTracing } from './http-tracing.ts';

/** The status under which an answer is counted that its client did not wait for (nginx's). */
export const CLIENT_GONE = 499;

/** What is known of one request from its first byte to its log line. */
export interface Exchange {
  readonly requestId: string;
  readonly traceId: string | undefined;
  /** Path without the query. */
  readonly path: string;
  /** Route template; `unmatched` until a route is found. */
  route: string;
  /** The code of the problem that was answered, where it was the service's own fault. */
  failure: string | undefined;
  /** Undefined while tracing is off. */
  readonly span: HttpSpan | undefined;
}

const EXCHANGE = Symbol('exchange');

type WithExchange = IncomingMessage & { [EXCHANGE]?: Exchange };

/** Begins the observation of a request: its ids, its count, and, when it ends, its log line. */
export function beginExchange(
  request: IncomingMessage,
  response: ServerResponse,
  log: Logger,
  http: HttpObserver,
  tracing?: HttpTracing,
): Exchange {
  const startedAt = performance.now();
  const end = http.start();
  const method = request.method as string;
  const target = request.url as string;
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  const span = tracing === undefined ? undefined : beginHttpSpan(tracing, request, path);
  const exchange: Exchange = {
    requestId: requestIdOf(request.headers),
    traceId: span?.traceId ?? traceIdOf(request.headers),
    path,
    route: 'unmatched',
    failure: undefined,
    span,
  };
  (request as WithExchange)[EXCHANGE] = exchange;
  response.setHeader('x-request-id', exchange.requestId);
  response.once('close', () => {
    end();
    const durationMs = performance.now() - startedAt;
    const status = response.writableFinished ? response.statusCode : CLIENT_GONE;
    const { route, requestId, traceId, path } = exchange;
    http.observe({
      method,
      route,
      status,
      durationSeconds: durationMs / 1000,
      // An exemplar leads to a trace: to none that is not kept.
      traceId: span?.recording === false ? undefined : traceId,
    });
    const line = {
      requestId,
      traceId,
      method,
      route,
      path,
      status,
      durationMs: Math.round(durationMs * 100) / 100,
    };
    log.info(line, 'request');
    if (span !== undefined) endHttpSpan(span, method, exchange, status);
  });
  return exchange;
}

/** The exchange that `beginExchange` made for this request. */
export function exchangeOf(request: IncomingMessage): Exchange {
  const exchange = (request as WithExchange)[EXCHANGE];
  if (exchange === undefined) throw new Error('The request was not begun with beginExchange.');
  return exchange;
}
