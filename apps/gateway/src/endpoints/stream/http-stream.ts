import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { closingSignalOf, withoutTimeLimit } from '@woodytoys/service';
import { sendProblemAnswer, writeHead } from '../../answer.ts';
import type { Exchange } from '../../exchange.ts';
import { returnedHeaders } from '../../headers.ts';
import {
  clientGone,
  upstreamBroke,
  upstreamTimedOut,
  upstreamUnavailable,
} from '../../problems.ts';
import type { Address } from '../../upstreams/discovery.ts';
import type { Replica } from '../../upstreams/replica.ts';
import { BodySource } from './body-source.ts';
import { MAX_ATTEMPTS, NOT_CONNECTED, codeOf } from './context.ts';
import type { StreamContext } from './context.ts';
import { headersObject } from './headers-object.ts';
import type { ProxiedRequest } from './proxy.ts';

/** How long who was answered may go on sending a body that nobody wants. */
const UNWANTED_BODY_MS = 1_000;

/** One request whose body or answer is passed piece by piece, for as long as pieces come. */
export class HttpStream implements ProxiedRequest {
  readonly exchange: Exchange;
  readonly path: string;
  readonly agent = undefined;
  readonly body: BodySource;
  readonly #context: StreamContext;
  readonly #source: Buffer | Readable | null;
  readonly #closing: AbortSignal;
  readonly #tried = new Set<Replica>();
  #replica: Replica;
  #startedAt = 0;
  #proxied: ClientRequest | undefined;
  #answer: IncomingMessage | undefined;
  #timer: NodeJS.Timeout | undefined;
  #late = false;
  #failed = false;

  /** @throws ProblemError 503 when no replica is known. */
  constructor(context: StreamContext, exchange: Exchange, source: Buffer | Readable | null) {
    const { upstream } = context;
    const replica = upstream.pick();
    if (replica === undefined) {
      throw upstreamUnavailable(upstream.name, new Error('no replica is known'));
    }
    this.exchange = exchange;
    this.path = context.targetOf(exchange);
    this.body = new BodySource(source);
    this.#context = context;
    this.#source = source;
    this.#replica = replica;
    this.#closing = closingSignalOf(exchange.request);
  }

  get address(): Address {
    return this.#replica.address;
  }

  start(): void {
    const { exchange } = this;
    const { request } = exchange;
    exchange.upstream = this.#context.upstream.name;
    // The proxy copies the request's own headers, so they are made clean before it sees them.
    request.headers = this.#cleanHeaders();
    if (this.#source instanceof Readable) {
      withoutTimeLimit(request);
      this.#source.once('end', () => this.#waitForAnswer());
      this.#source.once('error', (error) => this.failed(error));
    } else this.#waitForAnswer();
    exchange.onClientGone = () => this.#proxied?.destroy(clientGone());
    const end = () => this.#endEvents();
    this.#closing.addEventListener('abort', end, { once: true });
    exchange.onEnd(() => {
      clearTimeout(this.#timer);
      this.#closing.removeEventListener('abort', end);
      if (request.complete) return;
      const timer = setTimeout(() => request.destroy(), UNWANTED_BODY_MS);
      request.once('close', () => clearTimeout(timer));
    });
    this.#attempt();
  }

  made(proxied: ClientRequest): void {
    this.#proxied = proxied;
    proxied.setTimeout(this.#context.idleTimeoutMs, () => {
      this.#late = true;
      proxied.destroy();
    });
  }

  answered(answer: IncomingMessage): void {
    const { exchange } = this;
    const { response } = exchange;
    this.#answer = answer;
    clearTimeout(this.#timer);
    const status = answer.statusCode as number;
    this.#observe(status);
    exchange.replica = this.#replica.name;
    exchange.onEnd(this.#context.opened('http'));
    writeHead(exchange, status, returnedHeaders(answer.headers));
    response.flushHeaders();
    answer.pipe(response);
    // An answer before the end of the body: the rest of it is of no use.
    answer.once('close', () => this.#dropBody());
    if (this.#closing.aborted) this.#endEvents();
  }

  switched(): void {
    // Only a request for WebSocket is answered so, and this is none.
    this.#proxied?.destroy();
  }

  failed(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    const { exchange } = this;
    const code = codeOf(error);
    exchange.replica = this.#replica.name;
    this.#observe(code);
    if (exchange.response.headersSent || exchange.response.destroyed) {
      exchange.error ??= error;
      exchange.response.destroy();
    } else if (!NOT_CONNECTED.has(code) || !this.#again(code)) {
      clearTimeout(this.#timer);
      sendProblemAnswer(exchange, this.#problemOf(code, error));
    } else return;
    this.#proxied?.destroy();
    this.#dropBody();
  }

  #attempt(): void {
    this.#proxied = undefined;
    this.#failed = false;
    this.#startedAt = performance.now();
    this.exchange.attempts += 1;
    this.#context.proxy.send(this);
  }

  /** Tries another replica; false when there is none or enough were tried. */
  #again(code: string): boolean {
    const { upstream, observer } = this.#context;
    this.#replica.putAside();
    this.#tried.add(this.#replica);
    const next = this.#tried.size < MAX_ATTEMPTS ? upstream.pick(this.#tried) : undefined;
    if (next === undefined) return false;
    observer.retry(upstream.name, code);
    this.#replica = next;
    this.#attempt();
    return true;
  }

  /** The time to the first byte counts from the end of the request: an upload may take hours. */
  #waitForAnswer(): void {
    if (this.#answer !== undefined || this.exchange.response.destroyed) return;
    this.#timer = setTimeout(() => {
      this.#late = true;
      this.#proxied?.destroy();
    }, this.exchange.timeLeft(this.#context.timeoutMs));
  }

  /**
   * Ends a stream of events as if the upstream had, when the server closes: it would wait for it until
   * its limit, and the client connects anew. Any other answer has an end of its own.
   */
  #endEvents(): void {
    const answer = this.#answer;
    if (!answer?.headers['content-type']?.startsWith('text/event-stream')) return;
    const { response } = this.exchange;
    answer.unpipe(response);
    // The proxy cuts the client's connection with the upstream's: not before the end is written.
    response.end(() => this.#proxied?.destroy());
  }

  #dropBody(): void {
    if (this.#source instanceof Readable) this.#source.destroy();
  }

  #problemOf(code: string, error: Error): Error {
    const { upstream, timeoutMs } = this.#context;
    if ('status' in error) return error;
    if (this.#late) return upstreamTimedOut(upstream.name, timeoutMs);
    return NOT_CONNECTED.has(code)
      ? upstreamUnavailable(upstream.name, error)
      : upstreamBroke(upstream.name, error);
  }

  #observe(status: number | string): void {
    const { observer, upstream } = this.#context;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    observer.attempt(upstream.name, this.#replica.name, status, seconds);
  }

  #cleanHeaders(): IncomingHttpHeaders {
    const { headers, request } = this.exchange;
    const { 'content-length': length } = request.headers;
    const clean = headersObject(headers);
    if (Buffer.isBuffer(this.#source)) clean['content-length'] = String(this.#source.length);
    else if (this.#source !== null && length !== undefined) clean['content-length'] = length;
    return clean as IncomingHttpHeaders;
  }
}
