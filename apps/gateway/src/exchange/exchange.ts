import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { maxPublicPath, requestIdOf } from '@woodytoys/service';
import type { Span } from '@woodytoys/tracing';
import { clientOrigin } from './client-address.ts';
import type { ClientOrigin } from './client-address.ts';
import { endToEndHeaders } from './headers.ts';
import type { PathParameters } from '../routing/path-template.ts';
import { requestBody, wholeBody } from './request-body.ts';
import { traceOf } from './trace.ts';
import type { Trace } from './trace.ts';

const ABSOLUTE_FORM = /^https?:\/\/([\w.~:[\]-]+)((?:[/?].*)?)$/i;

/** Called once when an exchange is over: its answer is written, or its client has gone. */
export type EndListener = (exchange: Exchange, status: number) => void;

/** Sees an upstream's answer as it passes, without any say in it. */
export interface AnswerTap {
  /** Header names are in lower case. */
  onHead(status: number, headers: IncomingHttpHeaders): void;
  onData(chunk: Buffer): void;
  /** The answer came whole. */
  onEnd(): void;
}

/**
 * One request on its way through the gateway: what came (`request`, `path`), beside what filters made
 * of it for the upstream (`method`, `targetPath`, `query`, `headers`, the body) and for the answer
 * (`answerHeaders`).
 */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of `performance.now()`. */
  readonly startedAt: number;
  readonly requestId: string;
  trace: Trace;
  readonly client: ClientOrigin;
  /** The path as it was asked for, without the query. */
  readonly path: string;
  /** The method for the upstream. */
  method: string;
  /** The path for the upstream, when a filter gives another than the endpoint's own. */
  targetPath: string | undefined;
  /** The query for the upstream: `?` and what follows, or nothing. */
  query: string;
  /** Who asks, once a filter has made sure of it. */
  subject: string | undefined;
  /** What the subject's token says; the same object for the same token. */
  claims: Readonly<Record<string, unknown>> | undefined;
  /** Of `performance.now()`: when the answer is of no use any more. */
  deadlineAt = Number.POSITIVE_INFINITY;
  /** The most bytes that the body may have, if less than the route's. */
  bodyLimit = Number.POSITIVE_INFINITY;
  /** Called when all incoming filters have let the request pass; throws to keep it from the endpoint. */
  beforeEndpoint: ((exchange: Exchange) => void) | undefined;
  /** Headers of the upstream's answer that are not passed on, in lower case. */
  notReturned: ReadonlySet<string> | undefined;
  /** Its path template, as metrics and logs name it. */
  routeName = 'unmatched';
  parameters: PathParameters = {};
  /** Names and values in turn, written with whatever answer is given. */
  readonly answerHeaders: string[] = [];
  /** What came after a request for WebSocket; undefined for every other request. */
  upgradeHead: Buffer | undefined;
  /** The status of an answer that was written to the connection itself, past `response`. */
  answeredAs: number | undefined;
  /** Which replica answered, for the log. */
  upstream: string | undefined;
  replica: string | undefined;
  attempts = 0;
  /** Of the request in the gateway; undefined while tracing is off, or its trace is not sampled. */
  span: Span | undefined;
  /** Why it failed, for the log. */
  error: unknown;
  /** Why somebody who listened for the end failed, for the log. */
  listenerError: unknown;
  /** Set by a filter that wants to see the upstream's answer; endpoints that stream have none. */
  tap: AnswerTap | undefined;
  /** Set by what works on the answer; called when the client goes before it is whole. */
  onClientGone: (() => void) | undefined;
  readonly #trustedProxies: number;
  #headers: string[] | undefined;
  /** Set when the body was read or replaced: it is not to be had from the request any more. */
  #body: Promise<Buffer> | Buffer | null | undefined;
  #endListeners: EndListener[] | undefined;
  #endStatus: number | undefined;
  #detached = false;

  constructor(request: IncomingMessage, response: ServerResponse, trustedProxies: number) {
    this.#trustedProxies = trustedProxies;
    this.request = request;
    this.method = request.method as string;
    this.response = response;
    this.startedAt = performance.now();
    const target = originForm(request);
    this.requestId = requestIdOf(request.headers);
    this.trace = traceOf(request.headers);
    this.client = clientOrigin(request, trustedProxies);
    const mark = target.indexOf('?');
    this.path = mark === -1 ? target : target.slice(0, mark);
    this.query = mark === -1 ? '' : target.slice(mark);
  }

  /** Whether nobody waits for the answer any more. */
  get gone(): boolean {
    return !this.#detached && this.response.destroyed;
  }

  /** Milliseconds that are left of `timeoutMs` and of the deadline; 0 when it is over. */
  timeLeft(timeoutMs: number): number {
    if (this.deadlineAt === Number.POSITIVE_INFINITY) return timeoutMs;
    return Math.max(0, Math.min(timeoutMs, this.deadlineAt - performance.now()));
  }

  /** Whether a body goes to the upstream, as far as the headers tell (RFC 9112 6). */
  get hasBody(): boolean {
    if (this.#body !== undefined) return this.#body !== null;
    const { 'content-length': length, 'transfer-encoding': encoding } = this.request.headers;
    return encoding !== undefined || (length !== undefined && length !== '0');
  }

  /**
   * Reads the body whole; empty when there is none. The endpoint then sends what was read.
   * @throws ProblemError 413 past `maxBytes`, 400 when the body ends too soon (rejections).
   */
  async readBody(maxBytes: number): Promise<Buffer> {
    this.#body ??= wholeBody(this.request, Math.min(maxBytes, this.bodyLimit));
    return (await this.#body) ?? Buffer.alloc(0);
  }

  /** Sends another body to the upstream; null for none. Its `content-type` is the caller's to set. */
  replaceBody(body: Buffer | null): void {
    // What the client sends is still to be read, or its connection would wait for ever.
    if (this.#body === undefined) this.request.resume();
    this.#body = body;
  }

  /**
   * The body for the upstream: null when there is none, a buffer when it is small or was read, else
   * a stream that ends with an error past `maxBytes`.
   * @throws ProblemError 413 when it says itself that it is larger than `maxBytes`.
   */
  body(maxBytes: number): null | Buffer | Promise<Buffer> | Readable {
    if (this.#body !== undefined) return this.#body;
    return requestBody(this.request, Math.min(maxBytes, this.bodyLimit));
  }

  /** Listens for the end; told at once when it has come already. */
  onEnd(listener: EndListener): void {
    if (this.#endStatus !== undefined) {
      listener(this, this.#endStatus);
      return;
    }
    (this.#endListeners ??= []).push(listener);
  }

  /** Tells the end to those who listen. */
  end(status: number): void {
    const listeners = this.#endListeners;
    this.#endListeners = undefined;
    this.#endStatus = status;
    for (const listener of listeners ?? []) {
      try {
        listener(this, status);
      } catch (error) {
        // One that fails keeps no other from its work, and ends no process.
        this.listenerError ??= error;
      }
    }
  }

  /**
   * The same request for a work that goes on when the client has its answer, such as the refresh of
   * a cached one. It has no body and no client; who makes it calls `end`.
   */
  detach(): Exchange {
    const copy = new Exchange(this.request, this.response, this.#trustedProxies);
    copy.#detached = true;
    copy.trace = this.trace;
    copy.span = this.span;
    copy.#body = null;
    copy.#headers = [...this.headers];
    copy.method = this.method;
    copy.targetPath = this.targetPath;
    copy.query = this.query;
    copy.subject = this.subject;
    copy.claims = this.claims;
    copy.routeName = this.routeName;
    copy.parameters = this.parameters;
    return copy;
  }

  /** The headers for the upstream, names in lower case and values in turn; filters may change them. */
  get headers(): string[] {
    if (this.#headers !== undefined) return this.#headers;
    const { rawHeaders, headers } = this.request;
    const { forwardedFor, proto, host } = this.client;
    const forwarded = endToEndHeaders(rawHeaders, headers.connection);
    forwarded.push('x-request-id', this.requestId, 'traceparent', this.trace.traceparent);
    forwarded.push('x-forwarded-for', forwardedFor, 'x-forwarded-proto', proto);
    if (host !== '') forwarded.push('x-forwarded-host', host);
    // A longer one would count twice against the service's limit on headers, for a problem's text.
    if (this.path.length <= maxPublicPath) forwarded.push('x-forwarded-path', this.path);
    const { tracestate } = headers;
    if (this.trace.continued && typeof tracestate === 'string') {
      forwarded.push('tracestate', tracestate);
    }
    return (this.#headers = forwarded);
  }
}

/**
 * The path of a target. A proxy's client may send `http://host/path`: its host then counts and the
 * `Host` header does not (RFC 9112 3.2.2). What is neither form matches no route.
 */
function originForm(request: IncomingMessage): string {
  const target = request.url as string;
  if (target.startsWith('/')) return target;
  const [, host, path = ''] = ABSOLUTE_FORM.exec(target) ?? [];
  if (host === undefined) return target;
  request.headers.host = host;
  return path.startsWith('/') ? path : `/${path}`;
}
