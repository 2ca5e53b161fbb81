import type { IncomingHttpHeaders } from 'node:http';
import { upstreamAnswerTooLarge } from '../../problems.ts';
import type {
  UpstreamObserver,
  UpstreamReceiver,
  UpstreamRequestOptions,
} from '../../upstreams/upstream-request.ts';
import { UpstreamRequest } from '../../upstreams/upstream-request.ts';
import type { Upstream } from '../../upstreams/upstream.ts';

/** An upstream's answer, whole. */
export interface CollectedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Asks an upstream and waits for the whole answer. `timeoutMs` covers the body too.
 * @throws ProblemError 502 (also when the body is larger than `maxBytes`), 503 or 504.
 */
export function collect(
  upstream: Upstream,
  options: UpstreamRequestOptions,
  observer: UpstreamObserver,
  { maxBytes, onRequest }: { maxBytes: number; onRequest: (request: UpstreamRequest) => void },
): Promise<CollectedAnswer> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let headers: IncomingHttpHeaders = {};
    let bytes = 0;
    let timer: NodeJS.Timeout | undefined;
    const chunks: Buffer[] = [];
    const startedAt = performance.now();
    const receiver: UpstreamReceiver = {
      onHead(answered, received) {
        status = answered;
        headers = received;
        const left = options.timeoutMs - (performance.now() - startedAt);
        timer = setTimeout(() => request.timedOut(), Math.max(left, 1));
      },
      onData(chunk) {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > maxBytes) {
          request.abort(upstreamAnswerTooLarge(upstream.name, maxBytes));
        }
      },
      onEnd() {
        clearTimeout(timer);
        resolve({
          status,
          headers,
          body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
        });
      },
      onError(error) {
        clearTimeout(timer);
        reject(error);
      },
    };
    const request = new UpstreamRequest(upstream, options, receiver, observer);
    onRequest(request);
    request.start();
  });
}
