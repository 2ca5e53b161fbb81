import type { IncomingHttpHeaders } from 'node:http';
import { v7 as uuidv7 } from 'uuid';

/** Bounds what a client can write into every log line. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Version, trace id, parent id and flags, as W3C Trace Context has them. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/;

/** The client's `x-request-id` if it is fit for the log, else a new UUIDv7. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : uuidv7();
}

/** The trace id of a valid `traceparent`, 32 hexadecimal digits. */
export function traceIdOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['traceparent'];
  if (typeof given !== 'string' || given.length > 256) return undefined;
  return TRACEPARENT.exec(given)?.[1];
}
