import { problem } from '@woodytoys/service';
import type { FieldError, ProblemError } from '@woodytoys/service';

/** The errors that the gateway itself answers, each said in one place. */

/** What a `WWW-Authenticate` header names as protected. */
const REALM = 'api';

export function badRequest(detail: string, cause?: unknown): ProblemError {
  return problem('WT-REQUEST-UNREADABLE', detail, { cause });
}

export function parametersInvalid(errors: readonly FieldError[]): ProblemError {
  const names = errors.map(({ pointer }) => pointer.slice('/path/'.length)).join(', ');
  return problem('WT-PARAMETER-INVALID', `The path is not valid in: ${names}.`, { errors });
}

/** A value that a template needs is missing, or does not fit where it is to go. */
export function valueInvalid(pointer: string, detail: string, cause?: unknown): ProblemError {
  return problem('WT-PARAMETER-INVALID', `${pointer} ${detail}.`, {
    errors: [{ pointer, detail }],
    cause,
  });
}

export function routeNotFound(path: string): ProblemError {
  return problem('WT-ROUTE-NOT-FOUND', `The gateway has no route for ${path}.`);
}

export function methodNotAllowed(method: string, allow: string): ProblemError {
  return problem('WT-METHOD-NOT-ALLOWED', `${method} is not possible here; use ${allow}.`, {
    headers: { allow },
  });
}

export function bodyTooLarge(maxBytes: number): ProblemError {
  return problem('WT-BODY-TOO-LARGE', `The body is larger than ${maxBytes} bytes; send less.`);
}

export function bodyMalformed(cause: unknown): ProblemError {
  return problem('WT-BODY-MALFORMED', 'The body is not valid JSON.', { cause });
}

export function mediaTypeUnsupported(expected: string): ProblemError {
  return problem('WT-MEDIA-TYPE-UNSUPPORTED', `The body is of another type; send ${expected}.`);
}

/** An expression or a process of ours failed on the request; the log has the reason. */
export function transformFailed(cause: unknown): ProblemError {
  return problem(
    'WT-INTERNAL',
    'The body could not be brought into the form that the service needs.',
    {
      cause,
    },
  );
}

/** The same on the answer, which may be the service's mistake as well. */
export function answerUnusable(cause: unknown): ProblemError {
  return problem('WT-UPSTREAM-FAILED', 'The answer of the service could not be used.', { cause });
}

/** The gateway has more to do than it can now. */
export function gatewayBusy(cause: unknown): ProblemError {
  return problem('WT-UNAVAILABLE', 'The gateway has too much to do now; try again.', {
    headers: { 'retry-after': '1' },
    cause,
  });
}

export function rateLimited(limit: number, windowMs: number, retryAfter: string): ProblemError {
  return problem(
    'WT-RATE-LIMITED',
    `More than ${limit} requests in ${windowMs / 1000} s; wait ${retryAfter} s.`,
    { headers: { 'retry-after': retryAfter } },
  );
}

/** RFC 6750 3: who sent no token is not told of an error. */
export function credentialsMissing(): ProblemError {
  return problem(
    'WT-UNAUTHENTICATED',
    'This needs a bearer token; send it as "Authorization: Bearer …".',
    { headers: { 'www-authenticate': `Bearer realm="${REALM}"` } },
  );
}

/** `what` is wrong with the token: the end of a sentence, in ASCII without quotation marks. */
export function tokenInvalid(what: string): ProblemError {
  const challenge = `Bearer realm="${REALM}", error="invalid_token", error_description="The token ${what}"`;
  return problem('WT-UNAUTHENTICATED', `The token ${what}; get a new one from its issuer.`, {
    headers: { 'www-authenticate': challenge },
  });
}

export function keysUnavailable(cause: unknown): ProblemError {
  return problem('WT-UNAVAILABLE', 'The token cannot be verified now; try again.', {
    headers: { 'retry-after': '1' },
    cause,
  });
}

/** The token is good and not enough; `how` says what `wanted` is to it. */
export function forbidden(
  how: 'lacks' | 'has none of',
  wanted: readonly string[],
  scopes: readonly string[] | undefined,
): ProblemError {
  const scope = scopes === undefined ? '' : `, scope="${scopes.join(' ')}"`;
  return problem('WT-FORBIDDEN', `The token ${how}: ${wanted.join(', ')}.`, {
    headers: {
      'www-authenticate': `Bearer realm="${REALM}", error="insufficient_scope"${scope}`,
    },
  });
}

export function addressRefused(): ProblemError {
  return problem('WT-FORBIDDEN', 'This cannot be asked for from your address.');
}

export function originRefused(origin: string): ProblemError {
  return problem('WT-FORBIDDEN', `Pages of ${origin} may not ask for this.`);
}

export function headersTooLarge(bytes: number, maxBytes: number): ProblemError {
  return problem(
    'WT-HEADERS-TOO-LARGE',
    `The headers have ${bytes} bytes; send at most ${maxBytes}.`,
  );
}

export function queryTooLong(bytes: number, maxBytes: number): ProblemError {
  return problem('WT-URI-TOO-LONG', `The query has ${bytes} bytes; send at most ${maxBytes}.`);
}

/** Too little time is left for an answer to be of use. */
export function deadlineSpent(): ProblemError {
  return problem('WT-DEADLINE-SPENT', 'The time for this request is spent; give it more.');
}

/** As many requests as a route takes at once are under way. */
export function tooManyAtOnce(limit: number, retryAfterSeconds: number): ProblemError {
  return problem(
    'WT-UNAVAILABLE',
    `${limit} requests are under way here already; try again in ${retryAfterSeconds} s.`,
    { headers: { 'retry-after': String(retryAfterSeconds) } },
  );
}

/** The limit cannot be counted, and what is not counted must not pass. */
export function limiterUnavailable(): ProblemError {
  return problem('WT-UNAVAILABLE', 'The rate limit cannot be counted now; try again.', {
    headers: { 'retry-after': '1' },
  });
}

/** `why` without its full stop. */
export function idempotencyKeyInvalid(why: string): ProblemError {
  return problem(
    'WT-IDEMPOTENCY-KEY-INVALID',
    `${why}; send one of your own for each request, such as a UUID, and the same with its repeats.`,
  );
}

export function idempotencyInFlight(): ProblemError {
  return problem(
    'WT-IDEMPOTENCY-IN-FLIGHT',
    'The first request with this Idempotency-Key still runs; repeat it in a moment.',
    { headers: { 'retry-after': '1' } },
  );
}

export function idempotencyKeyReused(): ProblemError {
  return problem(
    'WT-IDEMPOTENCY-KEY-REUSED',
    'This Idempotency-Key was sent with another path, query, content type, body or authorization; send a new key.',
  );
}

/** The request will not be run again; `reason` says why its answer cannot be given. */
export function idempotencyOutcome(reason: string): ProblemError {
  return problem(
    'WT-IDEMPOTENCY-OUTCOME',
    `A request with this Idempotency-Key has run before: ${reason}. Look whether it has taken effect before you send it with a new key.`,
  );
}

export function idempotencyUnavailable(): ProblemError {
  return problem(
    'WT-UNAVAILABLE',
    'It cannot be made sure that this Idempotency-Key is new; the request was not run. Try again.',
    { headers: { 'retry-after': '1' } },
  );
}

export function notCached(): ProblemError {
  return problem(
    'WT-NOT-CACHED',
    'There is no fresh answer in the cache; ask without Cache-Control: only-if-cached.',
  );
}

/** For those who waited while another client's request failed with `status`. */
export function originFailed(status: number): ProblemError {
  const detail = `The service failed with ${status} for another client that asked the same; try again.`;
  const headers = { 'retry-after': '1' };
  if (status === 503) return problem('WT-UNAVAILABLE', detail, { headers });
  return problem(status === 504 ? 'WT-UPSTREAM-TIMEOUT' : 'WT-UPSTREAM-FAILED', detail, {
    headers,
  });
}

/** No replica took the request: none of its bytes were sent. */
export function upstreamUnavailable(upstream: string, cause: unknown): ProblemError {
  return problem('WT-UNAVAILABLE', `The service ${upstream} cannot be reached; try again.`, {
    headers: { 'retry-after': '1' },
    cause,
  });
}

/** The breaker is open: nothing was sent. */
export function upstreamOpen(upstream: string, openForMs: number): ProblemError {
  const seconds = String(Math.max(1, Math.ceil(openForMs / 1000)));
  return problem(
    'WT-UNAVAILABLE',
    `The service ${upstream} fails and is not asked for now; try again in ${seconds} s.`,
    { headers: { 'retry-after': seconds } },
  );
}

/** The service has as many requests as it can answer in time: nothing was sent. */
export function upstreamOverloaded(upstream: string): ProblemError {
  return problem(
    'WT-UNAVAILABLE',
    `The service ${upstream} has too much to do; try again in 1 s.`,
    {
      headers: { 'retry-after': '1' },
    },
  );
}

/** The request was sent and the answer did not come, or not as HTTP. */
export function upstreamBroke(upstream: string, cause: unknown): ProblemError {
  return problem(
    'WT-UPSTREAM-FAILED',
    `The service ${upstream} ended the connection without a whole answer; what it did is unknown.`,
    { cause },
  );
}

export function upstreamTimedOut(upstream: string, timeoutMs: number): ProblemError {
  return problem(
    'WT-UPSTREAM-TIMEOUT',
    `The service ${upstream} did not answer within ${Math.round(timeoutMs)} ms; what it did is unknown.`,
  );
}

export function upstreamAnswerTooLarge(upstream: string, maxBytes: number): ProblemError {
  return problem(
    'WT-UPSTREAM-FAILED',
    `The service ${upstream} answered more than the ${maxBytes} bytes that are taken from it here.`,
  );
}

export function partMissing(part: string): ProblemError {
  return problem('WT-RESOURCE-NOT-FOUND', `There is no ${part} with that id.`);
}

/** A part of an aggregate that its service did not give; `status` is what it answered instead. */
export function partFailed(
  part: string,
  what: string,
  cause?: unknown,
  status?: number,
): ProblemError {
  const detail = `The part ${part} cannot be had: its service ${what}.`;
  if (status === 503) {
    return problem('WT-UNAVAILABLE', detail, { headers: { 'retry-after': '1' }, cause });
  }
  return problem(status === 504 ? 'WT-UPSTREAM-TIMEOUT' : 'WT-UPSTREAM-FAILED', detail, { cause });
}

export function partsDown(parts: readonly string[]): ProblemError {
  return problem('WT-UNAVAILABLE', `None of ${parts.join(', ')} can be had now; try again.`, {
    headers: { 'retry-after': '1' },
  });
}

/** Nothing was published, and nothing will be: the request may come again. */
export function brokerUnavailable(cause: unknown): ProblemError {
  return problem('WT-UNAVAILABLE', 'The message was not taken; send it again.', {
    headers: { 'retry-after': '1' },
    cause,
  });
}

/** The message was sent, and its confirm has not come. */
export function brokerDidNotConfirm(cause: unknown): ProblemError {
  return problem(
    'WT-UNAVAILABLE',
    'The broker has not confirmed the message, and whether it has it is unknown; send it again, with the same Idempotency-Key so that it counts once.',
    { headers: { 'retry-after': '1' }, cause },
  );
}

/** The configuration has a route that publishes, and the environment no broker. */
export function brokerMissing(): ProblemError {
  return problem('WT-UNAVAILABLE', 'This gateway has no broker to publish to.', {
    headers: { 'retry-after': '60' },
  });
}

export function messageInvalid(cause: unknown): ProblemError {
  return problem(
    'WT-PARAMETER-INVALID',
    'The request does not fit into a message: its routing key or a header is too long.',
    { cause },
  );
}

export function bodyTooLargeForBroker(cause: unknown): ProblemError {
  return problem('WT-BODY-TOO-LARGE', 'The body is larger than a message may be; send less.', {
    cause,
  });
}

/** A client asks for WebSocket where there is none. */
export function upgradeRefused(path: string): ProblemError {
  return problem(
    'WT-UPGRADE-REFUSED',
    `There is no WebSocket at ${path}; ask without the Upgrade header.`,
  );
}

export function gatewayCloses(): ProblemError {
  return problem('WT-UNAVAILABLE', 'This gateway is closing; connect anew.', {
    headers: { 'retry-after': '1' },
  });
}

/** Nobody is left to read it: only the log sees this one. */
export function clientGone(): Error {
  return new Error('the client went before the answer was whole');
}

/** What lay behind an error, in one line for the log. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}
