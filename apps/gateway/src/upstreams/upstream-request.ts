import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Span } from '@woodytoys/tracing';
import type { Dispatcher } from 'undici';
import { badRequest, upstreamBroke, upstreamTimedOut, upstreamUnavailable } from '../problems.ts';
import { Attempts } from './attempts.ts';
import type { UpstreamObserver } from './attempts.ts';
import type { Replica } from './replica.ts';
import type { Upstream } from './upstream.ts';

export type { UpstreamObserver } from './attempts.ts';

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
  /** What the request is part of; undefined while it is not traced. */
  readonly span: Span | undefined;
  /** True for the copy that a mirror sends: it is not copied again. */
  readonly copy?: boolean;
}

/** Who gets the answer: `onHead`, then `onData` as often as needed, then `onEnd`; or `onError`, once. */
export interface UpstreamReceiver {
  /** Header names are in lower case. */
  onHead(status: number, headers: IncomingHttpHeaders): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
}

/** An answer that is thrown away is read so far, so that its connection can be used again. */
const DRAINED_BYTES = 64_000;

/** One request to an upstream, on whichever of its replicas takes it; `Attempts` has the rule. */
export class UpstreamRequest implements Dispatcher.DispatchHandler {
  readonly #attempts: Attempts;
  readonly #options: UpstreamRequestOptions;
  readonly #receiver: UpstreamReceiver;
  readonly #observer: UpstreamObserver;
  #controller: Dispatcher.DispatchController | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The attempt that runs was handed to a connection: the replica may have seen it. */
  #written = false;
  #status = 0;
  /** Bytes of an answer that is thrown away for another attempt's; -1 when it is not. */
  #drained = -1;
  /** Ended for the receiver: what still comes from the connection is nobody's. */
  #over = false;
  #abortReason: Error | undefined;

  constructor(
    upstream: Upstream,
    options: UpstreamRequestOptions,
    receiver: UpstreamReceiver,
    observer: UpstreamObserver,
  ) {
    const { method, path, headers, body, span } = options;
    const replayable = body === null || Buffer.isBuffer(body);
    this.#attempts = new Attempts(
      upstream,
      { method, path, headers, replayable, counted: true, span },
      observer,
    );
    this.#options = options;
    this.#receiver = receiver;
    this.#observer = observer;
  }

  /** How many replicas were asked. */
  get attempts(): number {
    return this.#attempts.count;
  }

  /** The last one that was asked. */
  get replica(): Replica | undefined {
    return this.#attempts.replica;
  }

  /** The one that was chosen when the upstream splits requests among several. */
  get upstreamName(): string {
    return this.#attempts.upstream.name;
  }

  start(): void {
    try {
      this.#attempts.begin();
    } catch (error) {
      this.#fail(error as Error);
      this.#attempts.end();
      return;
    }
    this.#timer = setTimeout(onTimeout, this.#options.timeoutMs, this);
    this.#dispatch();
    if (this.#options.copy !== true) {
      this.#attempts.upstream.mirror?.copy(this.#options, this.#observer);
    }
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
    if (!this.#over) this.#attempts.afterTimeout();
    this.abort(upstreamTimedOut(this.upstreamName, this.#options.timeoutMs));
  }

  #dispatch(): void {
    this.#written = false;
    this.#controller = undefined;
    this.#status = 0;
    this.#drained = -1;
    const { method, path, headers, body, idleTimeoutMs } = this.#options;
    (this.replica as Replica).pool.dispatch(
      {
        method: method as Dispatcher.HttpMethod,
        path,
        headers: this.#attempts.headersFor(headers),
        body,
        headersTimeout: 0,
        bodyTimeout: idleTimeoutMs,
      },
      this,
    );
  }

  #again(): void {
    this.#attempts.beginNext();
    this.#dispatch();
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
    this.#status = status;
    if (this.#attempts.afterHead(status)) {
      this.#drained = 0;
      return;
    }
    clearTimeout(this.#timer);
    this.#receiver.onHead(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#drained >= 0) {
      this.#drained += chunk.length;
      if (this.#drained > DRAINED_BYTES) controller.abort(new Error('the answer is not wanted'));
    } else if (!this.#over) this.#receiver.onData(chunk);
  }

  onResponseEnd(): void {
    this.#attempts.observe(this.#status);
    if (!this.#over && this.#drained >= 0) {
      this.#again();
      return;
    }
    this.#attempts.end();
    if (this.#over) return;
    this.#over = true;
    this.#receiver.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const code = codeOf(error);
    this.#attempts.observe(this.#abortReason === undefined ? code : 'aborted');
    if (!this.#over && this.#abortReason === undefined && this.#goesOn(code, error)) {
      this.#again();
      return;
    }
    if (!this.#over) this.#fail(this.#abortReason ?? this.#problemOf(code, error));
    this.#attempts.end();
  }

  /** Whether what failed is tried again. */
  #goesOn(code: string, error: Error): boolean {
    if (this.#drained >= 0) return true;
    if (isOfRequest(code, error)) return false;
    if (!this.#written) return this.#attempts.afterUnsent(code);
    if (this.#status === 0) return this.#attempts.afterLost(code);
    this.#attempts.afterBroken();
    return false;
  }

  #problemOf(code: string, error: Error): Error {
    if (REQUEST_IS_WRONG.has(code)) {
      return badRequest('The request has a header that cannot be passed on.', error);
    }
    if (isOfRequest(code, error)) return error;
    this.#attempts.settle('failed');
    return this.#written
      ? upstreamBroke(this.upstreamName, error)
      : upstreamUnavailable(this.upstreamName, error);
  }

  #fail(error: Error): void {
    clearTimeout(this.#timer);
    this.#over = true;
    this.#abortReason ??= error;
    this.#receiver.onError(error);
  }
}

/** undici's codes for what no replica would be sent. */
const REQUEST_IS_WRONG = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']);

/** Not the upstream's doing, such as a body that became too large. */
function isOfRequest(code: string, error: Error): boolean {
  return REQUEST_IS_WRONG.has(code) || 'status' in error;
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
