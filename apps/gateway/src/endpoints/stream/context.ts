import type { Exchange } from '../../exchange/exchange.ts';
import type { UpstreamObserver } from '../../upstreams/attempts.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import type { StreamProxy } from './proxy.ts';

/** What all streams of a route have in common. */
export interface StreamContext {
  readonly upstream: Upstream;
  readonly proxy: StreamProxy;
  readonly observer: UpstreamObserver;
  readonly maxBodyBytes: number;
  /** To the first byte of the answer, once the request was sent. */
  readonly timeoutMs: number;
  /** Without a byte either way. */
  readonly idleTimeoutMs: number;
  /** Path and query for the upstream. */
  targetOf(exchange: Exchange): string;
  /** Counts a stream as open; the result ends that. */
  opened(kind: 'http' | 'websocket'): () => void;
}

/** No byte was sent: another replica may be asked, whatever the method. */
export const NOT_CONNECTED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND']);

export function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name;
}
