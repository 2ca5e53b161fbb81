/** One kind of error that the platform answers. */
export interface ErrorDefinition {
  /** HTTP status. */
  readonly status: number;
  /** The same words for every error of this kind (RFC 9457, `title`). */
  readonly title: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
}

/** Every error that the platform answers, and nothing else. */
export const ERRORS = {
  'WT-REQUEST-UNREADABLE': {
    status: 400,
    title: 'The request is not readable as HTTP',
    retryable: false,
  },
  'WT-BODY-MALFORMED': { status: 400, title: 'The body is not readable as JSON', retryable: false },
  'WT-PARAMETER-INVALID': { status: 400, title: 'A parameter is not valid', retryable: false },
  'WT-CURSOR-INVALID': { status: 400, title: 'The cursor is not valid', retryable: false },
  'WT-IDEMPOTENCY-KEY-INVALID': {
    status: 400,
    title: 'The Idempotency-Key is missing or not valid',
    retryable: false,
  },
  'WT-UPGRADE-REFUSED': {
    status: 400,
    title: 'The path does not speak the protocol that was asked for',
    retryable: false,
  },
  'WT-UNAUTHENTICATED': { status: 401, title: 'Credentials are needed', retryable: false },
  'WT-FORBIDDEN': { status: 403, title: 'Not allowed', retryable: false },
  'WT-ROUTE-NOT-FOUND': { status: 404, title: 'There is nothing at this path', retryable: false },
  'WT-RESOURCE-NOT-FOUND': { status: 404, title: 'There is no such resource', retryable: false },
  'WT-METHOD-NOT-ALLOWED': {
    status: 405,
    title: 'The path does not have this method',
    retryable: false,
  },
  'WT-REQUEST-TIMEOUT': {
    status: 408,
    title: 'The request took too long to arrive',
    retryable: true,
  },
  'WT-CONFLICT': {
    status: 409,
    title: 'The request conflicts with what is stored',
    retryable: false,
  },
  'WT-IDEMPOTENCY-IN-FLIGHT': {
    status: 409,
    title: 'The first request under this Idempotency-Key still runs',
    retryable: true,
  },
  'WT-IDEMPOTENCY-OUTCOME': {
    status: 409,
    title: 'The answer under this Idempotency-Key cannot be repeated',
    retryable: false,
  },
  'WT-PRECONDITION-FAILED': {
    status: 412,
    title: 'The resource is not as the precondition has it',
    retryable: false,
  },
  'WT-BODY-TOO-LARGE': { status: 413, title: 'The body is too large', retryable: false },
  'WT-URI-TOO-LONG': { status: 414, title: 'The address is too long', retryable: false },
  'WT-MEDIA-TYPE-UNSUPPORTED': {
    status: 415,
    title: 'The content type is not supported',
    retryable: false,
  },
  'WT-EXPECTATION-FAILED': {
    status: 417,
    title: 'The Expect header asks for what is not supported',
    retryable: false,
  },
  'WT-BODY-INVALID': { status: 422, title: 'The body breaks its schema', retryable: false },
  'WT-IDEMPOTENCY-KEY-REUSED': {
    status: 422,
    title: 'The Idempotency-Key belongs to another request',
    retryable: false,
  },
  'WT-RATE-LIMITED': { status: 429, title: 'Too many requests', retryable: true },
  'WT-HEADERS-TOO-LARGE': { status: 431, title: 'The headers are too large', retryable: false },
  'WT-INTERNAL': { status: 500, title: 'The service failed', retryable: false },
  'WT-METHOD-NOT-IMPLEMENTED': {
    status: 501,
    title: 'No path has this method',
    retryable: false,
  },
  'WT-UPSTREAM-FAILED': {
    status: 502,
    title: 'A service behind this one failed to answer',
    retryable: true,
  },
  'WT-UNAVAILABLE': { status: 503, title: 'The service cannot answer now', retryable: true },
  'WT-NOT-CACHED': {
    status: 504,
    title: 'Only a cached answer was asked for, and there is none',
    retryable: true,
  },
  'WT-DEADLINE-SPENT': {
    status: 504,
    title: 'The time for the request is spent',
    retryable: true,
  },
  'WT-UPSTREAM-TIMEOUT': {
    status: 504,
    title: 'A service behind this one took too long',
    retryable: true,
  },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERRORS;

/** One part of a request that is not as it has to be. */
export interface FieldError {
  /** JSON pointer into the request: `/path/id`, `/query/limit`, `/body/lines/0/quantity`. */
  readonly pointer: string;
  readonly detail: string;
}

export interface ProblemOptions {
  readonly errors?: readonly FieldError[];
  /** Further headers of the answer, such as `allow` or `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An error that has its place in the catalogue; thrown anywhere, it becomes the answer. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  /** Shown to the client: never holds an inner error's text. */
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, detail?: string, { errors, headers, cause }: ProblemOptions = {}) {
    const { status, title, retryable } = ERRORS[code];
    super(`${code}: ${detail ?? title}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.title = title;
    this.retryable = retryable;
    this.detail = detail ?? title;
    if (errors !== undefined) this.errors = errors;
    if (headers !== undefined) this.headers = headers;
  }
}

/** Makes the error `code`; `detail` says what happened, what was expected and what to do. */
export function problem(code: ErrorCode, detail?: string, options?: ProblemOptions): ProblemError {
  return new ProblemError(code, detail, options);
}
