import type { IncomingHttpHeaders } from 'node:http';
import { randomHex, traceIdOf } from '@woodytoys/service';

export interface Trace {
  readonly traceparent: string;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Whether the client began it; its `tracestate` belongs to it. */
  readonly continued: boolean;
}

/**
 * The trace that the request belongs to (W3C Trace Context): the client's where its `traceparent`
 * is valid, else a new one. While tracing is off the gateway makes no span of its own, so a continued
 * `traceparent` passes unchanged; while it is on, `beginRequestSpan` puts its span in the place.
 */
export function traceOf(headers: IncomingHttpHeaders): Trace {
  const given = headers['traceparent'];
  if (given !== undefined) {
    const traceId = traceIdOf(headers);
    if (traceId !== undefined) {
      return { traceparent: given as string, traceId, continued: true };
    }
  }
  const traceId = randomHex(16);
  return { traceparent: `00-${traceId}-${randomHex(8)}-01`, traceId, continued: false };
}
