import express from 'express';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { bodyInvalid, parametersInvalid } from './bad-input.ts';
import { createBodyReader, hasBody, jsonTypeOf } from './body.ts';
import type { BodyReader } from './body.ts';
import type { Contract, Operation, RequestBody } from './contract.ts';
import type { ProblemError } from './errors.ts';
import { problem } from './errors.ts';
import { beginExchange, exchangeOf } from './exchange.ts';
import type { HttpTracing } from './http-tracing.ts';
import { OperationCall } from './operation-call.ts';
import { sendProblem, toProblem } from './problem.ts';
import { publicPathOf } from './public-path.ts';
import { pathRoutes } from './routes.ts';
import { STREAMED } from './types.ts';
import type { Handlers, OperationRequest } from './types.ts';
import { createValidators } from './validation.ts';
import type { OperationValidator } from './validation.ts';

/** Measures requests; `ServiceMetrics.http` of the metrics library is one. */
export interface HttpObserver {
  /** Counts a request as in flight; the result is called when it ends. */
  start(): () => void;
  observe(observation: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly durationSeconds: number;
    /** 32 hexadecimal digits. */
    readonly traceId?: string | undefined;
  }): void;
  /** Shows a route at 0 before its first request. */
  expect?(method: string, route: string, status: number): void;
}

export interface ApiOptions<Operations> {
  readonly contract: Contract;
  readonly handlers: Handlers<Operations>;
  readonly service: string;
  readonly log: Logger;
  readonly http: HttpObserver;
  /** Makes a span of each request, for which its handler runs; none unless given. */
  readonly tracing?: HttpTracing | undefined;
  /** Bytes; 100,000 unless given. */
  readonly maxBodyBytes?: number;
}

type AnyHandler = (request: OperationRequest) => Promise<AnyResult>;
type AnyResult =
  | typeof STREAMED
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    };

/**
 * Serves a contract: routes, checks, ids, log lines, metrics and problems come from it, answers
 * from the handlers.
 * @throws Error when an operation has no handler, a handler no operation, or a body no JSON.
 */
export function createApi<Operations>({
  contract,
  handlers,
  service,
  log,
  http,
  tracing,
  maxBodyBytes = 100_000,
}: ApiOptions<Operations>): RequestListener {
  const byId = handlers as unknown as Readonly<Record<string, AnyHandler | undefined>>;
  checkHandlers(contract, byId, service);
  const validatorOf = createValidators(contract);
  const readBody = createBodyReader(maxBodyBytes);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('case sensitive routing');
  app.enable('strict routing');

  app.use((request, response, next) => {
    const { path, span } = beginExchange(request, response, log, http, tracing);
    if (path.includes('%00')) throw unreadablePath();
    if (span === undefined) next();
    else tracing?.run(span, () => next());
  });
  for (const { path, pattern, operations, allow } of pathRoutes(contract.operations)) {
    const route = app.route(pattern);
    for (const operation of operations) {
      const method = operation.method.toLowerCase() as 'get';
      // Express answers HEAD as GET with the body left out: a stream without end would never end.
      if (operation.streams) route.head((request) => refuseMethod(request, path, allow));
      const serve = serveOperation(
        operation,
        byId[operation.id] as AnyHandler,
        validatorOf(operation),
        readBody,
        log,
      );
      route[method](serve);
      http.expect?.(operation.method, operation.path, operation.successStatus);
    }
    route.all((request) => refuseMethod(request, path, allow));
  }
  app.use((request) => {
    throw problem(
      'WT-ROUTE-NOT-FOUND',
      `There is nothing at ${exchangeOf(request).path.slice(0, 200)}.`,
    );
  });
  app.use(
    // Express tells an error handler by its four parameters.
    (error: unknown, request: IncomingMessage, response: ServerResponse, _next: unknown) =>
      answerError(error, request, response, log),
  );
  return app;
}

function checkHandlers(
  contract: Contract,
  handlers: Readonly<Record<string, unknown>>,
  service: string,
): void {
  const ids = new Set(contract.operations.map(({ id }) => id));
  const without = [...ids].filter((id) => typeof handlers[id] !== 'function');
  const unknown = Object.keys(handlers).filter((id) => !ids.has(id));
  const noJson = contract.operations
    .filter(({ body }) => body !== undefined && !takesJsonAlone(body))
    .map(({ id }) => id);
  const mistakes = [
    ...without.map((id) => `operation ${id} has no handler`),
    ...unknown.map((id) => `handler ${id} has no operation`),
    ...noJson.map(
      (id) =>
        `operation ${id} has a body that is not application/json, or not that and +json alone`,
    ),
  ];
  if (mistakes.length > 0) {
    throw new Error(`The handlers of ${service} do not fit its contract: ${mistakes.join('; ')}.`);
  }
}

/** Handlers get a parsed body, and their types are those of `application/json`. */
function takesJsonAlone({ content }: RequestBody): boolean {
  const types = [...content.keys()];
  return (
    content.has('application/json') &&
    types.every((type) => type === 'application/json' || type.endsWith('+json'))
  );
}

function serveOperation(
  operation: Operation,
  handler: AnyHandler,
  validator: OperationValidator,
  readBody: BodyReader,
  log: Logger,
) {
  return async (
    request: IncomingMessage & { readonly params: unknown },
    response: ServerResponse,
  ): Promise<void> => {
    const exchange = exchangeOf(request);
    exchange.route = operation.path;
    const target = request.url as string;
    const { params, query, errors } = validator.parameters(
      request.params as Record<string, string>,
      target.slice(exchange.path.length + 1),
    );
    if (errors.length > 0) throw parametersInvalid(errors);
    const body = await checkedBody(operation, validator, readBody, request, response);
    const call = new OperationCall({ params, query, body }, exchange, log, request, response);
    const result = await handler(call);
    if (result !== STREAMED) sendResult(response, result);
  };
}

async function checkedBody(
  { body }: Operation,
  validator: OperationValidator,
  readBody: BodyReader,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<unknown> {
  if (body === undefined || (!body.required && !hasBody(request))) return undefined;
  const type = jsonTypeOf(request.headers['content-type'], [...body.content.keys()]);
  const value = await readBody(request, response);
  const errors = validator.body(value, type);
  if (errors.length > 0) throw bodyInvalid(errors);
  return value;
}

function sendResult(
  response: ServerResponse,
  { status, headers, body }: Exclude<AnyResult, symbol>,
): void {
  if (response.headersSent || response.destroyed) return;
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    'cache-control': 'no-store',
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(status !== 204 && status !== 304 && { 'content-length': Buffer.byteLength(text) }),
    ...headers,
  });
  response.end(text);
}

function refuseMethod(request: IncomingMessage, path: string, allow: string): never {
  exchangeOf(request).route = path;
  throw problem('WT-METHOD-NOT-ALLOWED', `${request.method} is not possible here; use ${allow}.`, {
    headers: { allow },
  });
}

function unreadablePath(): ProblemError {
  return problem('WT-PARAMETER-INVALID', 'The path is not percent-encoded UTF-8 without NUL.', {
    errors: [{ pointer: '/path', detail: 'is not percent-encoded UTF-8 without NUL' }],
  });
}

function answerError(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  log: Logger,
): void {
  const exchange = exchangeOf(request);
  const { requestId, traceId, route, path } = exchange;
  // The router's own, for a path that it cannot decode.
  const known = isDecodeError(error) ? unreadablePath() : toProblem(error);
  if (response.closed) {
    log.info({ requestId, traceId, route, error }, 'request failed after its client had gone');
    return;
  }
  if (known.status >= 500) {
    exchange.failure = known.code;
    log.error(
      {
        requestId,
        traceId,
        method: request.method,
        route,
        code: known.code,
        error: known.cause ?? known,
      },
      'request failed',
    );
  }
  sendProblem(response, known, { instance: publicPathOf(request.headers) ?? path, requestId });
}

function isDecodeError(error: unknown): boolean {
  return error instanceof URIError && (error as { status?: unknown }).status === 400;
}
