import type { IncomingMessage, ServerResponse } from 'node:http';
import { maxPublicPath, requestIdOf } from '@woodytoys/service';
import { clientOrigin } from './client-address.ts';
import type { ClientOrigin } from './client-address.ts';
import { endToEndHeaders } from './headers.ts';
import type { PathParameters } from './path-template.ts';
import { traceOf } from './trace.ts';
import type { Trace } from './trace.ts';

/**
 * One request on its way through the gateway: what came (`request`), beside what filters made of it
 * for the upstream (`headers`) and for the answer (`answerHeaders`).
 */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of `performance.now()`. */
  readonly startedAt: number;
  readonly requestId: string;
  readonly trace: Trace;
  readonly client: ClientOrigin;
  /** The path as it was asked for, without the query. */
  readonly path: string;
  /** `?` and what follows, or nothing. */
  readonly query: string;
  /** Its path template, as metrics and logs name it. */
  routeName = 'unmatched';
  parameters: PathParameters = {};
  /** Names and values in turn, written with whatever answer is given. */
  readonly answerHeaders: string[] = [];
  /** Which replica answered, for the log. */
  upstream: string | undefined;
  replica: string | undefined;
  attempts = 0;
  /** Why it failed, for the log. */
  error: unknown;
  /** Set by what works on the answer; called when the client goes before it is whole. */
  onClientGone: (() => void) | undefined;
  #headers: string[] | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, trustedProxies: number) {
    this.request = request;
    this.response = response;
    this.startedAt = performance.now();
    this.requestId = requestIdOf(request.headers);
    this.trace = traceOf(request.headers);
    this.client = clientOrigin(request, trustedProxies);
    const target = originForm(request.url as string);
    const mark = target.indexOf('?');
    this.path = mark === -1 ? target : target.slice(0, mark);
    this.query = mark === -1 ? '' : target.slice(mark);
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

/** A proxy's client may send `http://host/path` (RFC 9112 3.2.2); the path is what routes match. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const path = /^https?:\/\/[^/?#]*(.*)$/i.exec(target)?.[1];
  if (path === undefined) return target;
  return path.startsWith('/') ? path : `/${path}`;
}
