import type { IncomingHttpHeaders } from 'node:http';
import { randomHex } from './random-hex.ts';

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
  const now = Date.now();
  if (now !== millisecond) {
    millisecond = now;
    const time = now.toString(16).padStart(12, '0');
    beginning = `${time.slice(0, 8)}-${time.slice(8)}-7`;
  }
  const random = randomHex(10);
  const variant = VARIANTS[parseInt(random.charAt(3), 16) & 3] as string;
  return `${beginning}${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}

/** The digits that a UUID's variant allows. */
const VARIANTS = ['8', '9', 'a', 'b'] as const;
let millisecond = 0;
let beginning = '';

/** The trace id of a valid `traceparent`, 32 hexadecimal digits. */
export function traceIdOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['traceparent'];
  if (typeof given !== 'string' || given.length > 256) return undefined;
  const [, version, traceId, added] = TRACEPARENT.exec(given) ?? [];
  return version === '00' && added !== undefined ? undefined : traceId;
}
