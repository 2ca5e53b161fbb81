import type { IncomingHttpHeaders } from 'node:http';
import { badRequest } from '../problems.ts';

/**
 * Headers of one connection, not of the message (RFC 9110 7.6.1), and those that the gateway writes
 * itself: the client's own are never passed on.
 */
const NOT_FORWARDED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  // The gateway answers 100 itself.
  'expect',
  // Written anew for each replica or from the body.
  'host',
  'content-length',
  // What the gateway says of the client; anybody may have written these.
  'x-request-id',
  'traceparent',
  'tracestate',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-path',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
]);

/** Who the user is comes from the gateway alone. */
export const IDENTITY_PREFIX = 'x-user-';

const NOT_RETURNED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
]);

/**
 * What a `Connection` header may not take away: without these the message means something else.
 * `content-length` of an answer is among them: the client would wait for more, or stop too soon.
 */
const NEVER_DROPPED = new Set([
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'set-cookie',
]);

/** The headers named in `Connection`, apart from the usual options; undefined when there are none. */
function namedInConnection(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') {
    return undefined;
  }
  const names = connection.split(',').map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => name !== '' && !NEVER_DROPPED.has(name)));
}

/**
 * The client's end-to-end headers, names and values in turn, as they came.
 * @throws ProblemError 400 for a second `Host`: the next hop might read the other one.
 */
export function endToEndHeaders(
  rawHeaders: readonly string[],
  connection: string | undefined,
): string[] {
  const named = namedInConnection(connection);
  const kept: string[] = [];
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const written = rawHeaders[index] as string;
    const name = forwardedNames.get(written) ?? forwardedName(written);
    if (name === HOST && (hosts += 1) > 1) throw badRequest('The request has two Host headers.');
    if (name === HOST || name === NOT_PASSED_ON || named?.has(name)) continue;
    kept.push(name, rawHeaders[index + 1] as string);
  }
  return kept;
}

const HOST = 'host';
/** Stands in the place of a name; no header has it. */
const NOT_PASSED_ON = '';

/**
 * Names as clients write them, and as they are passed on: each request has much the same ones. Clients
 * choose them, so their number has an end.
 */
const forwardedNames = new Map<string, string>();
const MOST_NAMES = 1_000;

/** The name in lower case; `HOST` and `NOT_PASSED_ON` are not passed on. */
function forwardedName(written: string): string {
  const name = written.toLowerCase();
  // To many a service, `x_user_id` and `x-user-id` are the same variable.
  const ours = isOurs(name) || (name.includes('_') && isOurs(name.replaceAll('_', '-')));
  const forwarded = ours && name !== HOST ? NOT_PASSED_ON : name;
  if (forwardedNames.size < MOST_NAMES) forwardedNames.set(written, forwarded);
  return forwarded;
}

function isOurs(name: string): boolean {
  return NOT_FORWARDED.has(name) || name.startsWith(IDENTITY_PREFIX);
}

/** An answer's end-to-end headers, names and values in turn. `headers` has lower-case names. */
export function returnedHeaders(headers: IncomingHttpHeaders): string[] {
  const named = namedInConnection(headers.connection);
  const kept: string[] = [];
  for (const name in headers) {
    if (NOT_RETURNED.has(name) || named?.has(name)) continue;
    const value = headers[name] as string | string[];
    if (typeof value === 'string') kept.push(name, value);
    else for (const one of value) kept.push(name, one);
  }
  return kept;
}
