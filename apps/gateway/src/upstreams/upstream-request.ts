import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { badRequest, upstreamBroke, upstreamTimedOut, upstreamUnavailable } from '../problems.ts';
import type { Replica } from './replica.ts';
import type { Upstream } from './upstream.ts';

/** What is asked of an upstream. */
export interface UpstreamRequestOptions {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names and values in turn; no hop-by-hop header, no `host`, no `content-length` of a buffer. */
  readonly headers: string[];
  readonly body: Buffer | Readable | null;
  /** To the first byte of the answer, retries included. */
  readonly timeoutMs: number;
  /** Between two pieces of the answer's body. */
  readonly idleTimeoutMs: number;
}

/** Who gets the answer: `onHead`, then `onData` as often as needed, then `onEnd`; or `onError`, once. */
export interface UpstreamReceiver {
  /** Header names are in lower case. */
  onHead(status: number, headers: IncomingHttpHeaders): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
}

/** What the gateway measures of each attempt. */
export interface UpstreamObserver {
  attempt(
    upstream: string,
    replica: string,
    status: number | string,
    durationSeconds: number,
  ): void;
  retry(upstream: string, reason: string): void;
}

/** With more replicas than this refusing, the upstream is down rather than one of them. */
const MAX_ATTEMPTS = 4;

/** The connection was there and ended before an answer: the replica went while the request came. */
const CONNECTION_ENDED = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/**
 * One request to an upstream, on whichever of its replicas takes it.
 *
 * A replica that takes no connection has seen no byte, so any method goes on to another replica;
 * the body is untouched until then. A connection that ends after the request was written, before
 * any byte of an answer, is tried again only for GET and HEAD without a body, and only once: what a
 * write did is unknown.
 */
export class UpstreamRequest implements Dispatcher.DispatchHandler {
  attempts = 0;
  replica: Replica | undefined;
  readonly #upstream: Upstream;
  readonly #options: UpstreamRequestOptions;
  readonly #receiver: UpstreamReceiver;
  readonly #observer: UpstreamObserver;
  #controller: Dispatcher.DispatchController | undefined;
  #tried: Set<Replica> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attemptStartedAt = 0;
  #written = false;
  #status = 0;
  #repeated = false;
  /** Ended for the receiver: what still comes from the connection is nobody's. */
  #over = false;
  #abortReason: Error | undefined;

  constructor(
    upstream: Upstream,
    options: UpstreamRequestOptions,
    receiver: UpstreamReceiver,
    observer: UpstreamObserver,
  ) {
    this.#upstream = upstream;
    this.#options = options;
    this.#receiver = receiver;
    this.#observer = observer;
  }

  start(): void {
    this.#timer = setTimeout(onTimeout, this.#options.timeoutMs, this);
    this.#attempt();
  }

  /** Ends the request; the receiver gets `reason` unless it has had the end already. */
  abort(reason: Error): void {
    if (this.#over) return;
    this.#abortReason = reason;
    if (this.#controller === undefined) this.#fail(reason);
    else this.#controller.abort(reason);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  timedOut(): void {
    this.abort(upstreamTimedOut(this.#upstream.name, this.#options.timeoutMs));
  }

  #attempt(): void {
    const replica = this.#upstream.pick(this.#tried);
    if (replica === undefined) {
      this.#fail(upstreamUnavailable(this.#upstream.name, new Error('no replica is known')));
      return;
    }
    this.replica = replica;
    this.attempts += 1;
    this.#attemptStartedAt = performance.now();
    this.#written = false;
    this.#controller = undefined;
    replica.inFlight += 1;
    const { method, path, headers, body, idleTimeoutMs } = this.#options;
    replica.pool.dispatch(
      {
        method: method as Dispatcher.HttpMethod,
        path,
        headers,
        body,
        headersTimeout: 0,
        bodyTimeout: idleTimeoutMs,
      },
      this,
    );
  }

  // The calls of undici's dispatcher.

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) {
      controller.abort(this.#abortReason as Error);
      return;
    }
    this.#written = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    // 1xx say nothing about the answer: early hints are not passed on.
    if (status < 200 || this.#over) return;
    clearTimeout(this.#timer);
    this.#status = status;
    this.#receiver.onHead(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over) this.#receiver.onData(chunk);
  }

  onResponseEnd(): void {
    this.#observe(this.#status);
    if (this.#over) return;
    this.#over = true;
    this.#receiver.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const code = codeOf(error);
    this.#observe(this.#abortReason === undefined ? code : 'aborted');
    if (this.#over) return;
    const replica = this.replica as Replica;
    if (this.#abortReason !== undefined) this.#fail(this.#abortReason);
    else if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
      this.#fail(badRequest('The request has a header that cannot be passed on.', error));
    } else if (!this.#written) {
      replica.putAside();
      if (this.#again(code, replica)) return;
      this.#fail(upstreamUnavailable(this.#upstream.name, error));
    } else if (this.#status === 0 && this.#repeatable(code)) {
      this.#repeated = true;
      // A single replica may be asked again: what ended may have been the one connection.
      if (this.#again(code, replica)) return;
      this.#tried = undefined;
      this.#observer.retry(this.#upstream.name, code);
      this.#attempt();
    } else if ('status' in error) this.#fail(error);
    else this.#fail(upstreamBroke(this.#upstream.name, error));
  }

  /** Tries another replica; false when there is none or enough were tried. */
  #again(reason: string, failed: Replica): boolean {
    this.#tried ??= new Set();
    this.#tried.add(failed);
    if (this.attempts >= MAX_ATTEMPTS) return false;
    if (this.#upstream.pick(this.#tried) === undefined) return false;
    this.#observer.retry(this.#upstream.name, reason);
    this.#attempt();
    return true;
  }

  #repeatable(code: string): boolean {
    const { method, body } = this.#options;
    return (
      !this.#repeated &&
      body === null &&
      (method === 'GET' || method === 'HEAD') &&
      CONNECTION_ENDED.has(code)
    );
  }

  #observe(status: number | string): void {
    const replica = this.replica as Replica;
    replica.inFlight -= 1;
    const seconds = (performance.now() - this.#attemptStartedAt) / 1000;
    this.#observer.attempt(this.#upstream.name, replica.name, status, seconds);
  }

  #fail(error: Error): void {
    clearTimeout(this.#timer);
    this.#over = true;
    this.#abortReason ??= error;
    this.#receiver.onError(error);
  }
}

function onTimeout(request: UpstreamRequest): void {
  request.timedOut();
}

/** undici's or the system's code; the name of the error where it has none. */
function codeOf(error: Error): string {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  // `localhost` fails at both of its addresses with an AggregateError.
  const [first] = (error as { errors?: Error[] }).errors ?? [];
  return first === undefined ? error.name : codeOf(first);
}
