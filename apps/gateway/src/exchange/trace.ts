import { randomFillSync } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { traceIdOf } from '@woodytoys/service';

/** Ids are cut from a block: one call for random bytes costs more than the bytes. */
const BLOCK_BYTES = 24 * 128;
const block = Buffer.alloc(BLOCK_BYTES);
let used = BLOCK_BYTES;

export interface Trace {
  readonly traceparent: string;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Whether the client began it; its `tracestate` belongs to it. */
  readonly continued: boolean;
}

/**
 * The trace that the request belongs to (W3C Trace Context): the client's where its `traceparent`
 * is valid, else a new one. The gateway makes no span of its own yet, so a continued `traceparent`
 * passes unchanged.
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

function randomHex(bytes: number): string {
  if (used + bytes > BLOCK_BYTES) {
    randomFillSync(block);
    used = 0;
  }
  const text = block.toString('hex', used, used + bytes);
  used += bytes;
  return text;
}
