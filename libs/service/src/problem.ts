import type { ServerResponse } from 'node:http';
import { ProblemError, problem } from './errors.ts';
import type { FieldError } from './errors.ts';

/** `application/problem+json` as RFC 9457 has it. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The path that the client asked for. */
  readonly instance: string;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
}

/** Which request a problem is the answer to. */
export interface ProblemContext {
  readonly instance: string;
  readonly requestId: string;
}

/** The answer's body for `error`. */
export function problemDocument(
  { code, title, status, detail, errors }: ProblemError,
  { instance, requestId }: ProblemContext,
): ProblemDocument {
  return {
    type: `urn:woodytoys:problem:${code}`,
    title,
    status,
    detail,
    instance,
    requestId,
    ...(errors && { errors }),
  };
}

/** The answer's headers for `error`, apart from the content's length. */
export function problemHeaders(error: ProblemError, requestId: string): Record<string, string> {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': requestId,
    ...error.headers,
  };
}

/** What a handler may have prepared for the answer that it did not give. */
const CONTENT_HEADERS = [
  ...['content-disposition', 'content-encoding', 'content-language', 'content-length'],
  ...['content-type', 'etag', 'last-modified', 'location', 'transfer-encoding'],
];

/**
 * Answers `error` as problem+json. An answer that has already begun cannot be taken back: its
 * connection is cut, so that the client does not take the part for the whole.
 */
export function sendProblem(
  response: ServerResponse,
  error: ProblemError,
  context: ProblemContext,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify(problemDocument(error, context));
  for (const name of CONTENT_HEADERS) response.removeHeader(name);
  response.writeHead(error.status, {
    ...problemHeaders(error, context.requestId),
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/**
 * Any thrown value as an error of the catalogue: itself if it is one, 503 if what failed may work
 * later (a lost connection, a timeout), else 500. The thrown value is the `cause`.
 */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (isTransient(error)) {
    return problem('WT-UNAVAILABLE', 'A part that the service needs is not available; try again.', {
      headers: { 'retry-after': '1' },
      cause: error,
    });
  }
  return problem('WT-INTERNAL', 'The service failed; the request id leads to its log.', {
    cause: error,
  });
}

/**
 * Codes of errors that pass: Node's connection errors, and PostgreSQL's for a full or stopping
 * server, statement and lock timeouts, and lost races (appendix A of its manual).
 */
const TRANSIENT_CODES = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ENOTFOUND', 'EAI_AGAIN'],
  ...['08000', '08001', '08003', '08004', '08006', '08P01'],
  ...['40001', '40P01', '53300', '53400', '55P03', '57014', '57P01', '57P02', '57P03'],
]);

function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { retryable, code } = error as { retryable?: unknown; code?: unknown };
  return retryable === true || (typeof code === 'string' && TRANSIENT_CODES.has(code));
}
