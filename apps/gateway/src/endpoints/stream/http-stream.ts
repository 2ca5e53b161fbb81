import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { closingSignalOf, withoutTimeLimit } from '@woodytoys/service';
import { sendProblemAnswer, writeHead } from '../../exchange/answer.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { returnedHeaders } from '../../exchange/headers.ts';
import {
  clientGone,
  upstreamBroke,
  upstreamTimedOut,
  upstreamUnavailable,
} from '../../problems.ts';
import { Attempts } from '../../upstreams/attempts.ts';
import type { Address } from '../../upstreams/discovery.ts';
import type { Replica } from '../../upstreams/replica.ts';
import { BodySource } from './body-source.ts';
import { NOT_CONNECTED, codeOf } from './context.ts';
import type { StreamContext } from './context.ts';
import { headersObject } from './headers-object.ts';
import type { ProxiedRequest } from './proxy.ts';

/** How long who was answered may go on sending a body that nobody wants. */
const UNWANTED_BODY_MS = 1_000;

/** One request whose body or answer is passed piece by piece, for as long as pieces come. */
export class HttpStream implements ProxiedRequest {
  readonly exchange: Exchange;
  readonly path: string;
  readonly body: BodySource;
  readonly #context: StreamContext;
  readonly #source: Buffer | Readable | null;
  readonly #closing: AbortSignal;
  readonly #attempts: Attempts;
  #proxied: ClientRequest | undefined;
  #answer: IncomingMessage | undefined;
  #timer: NodeJS.Timeout | undefined;
  #late = false;
  #failed = false;

  /** @throws ProblemError 503 when the upstream is not to be asked now, or no replica is known. */
  constructor(context: StreamContext, exchange: Exchange, source: Buffer | Readable | null) {
    const { method, headers, span } = exchange;
    this.path = context.targetOf(exchange);
    this.#attempts = new Attempts(
      context.upstream,
      // What is held open for hours says nothing about how much the upstream has to do.
      {
        method,
        path: this.path,
        headers,
        replayable: source === null,
        counted: false,
        span,
      },
      context.observer,
    );
    exchange.upstream = this.#attempts.upstream.name;
    this.#attempts.begin();
    this.exchange = exchange;
    this.body = new BodySource(source);
    this.#context = context;
    this.#source = source;
    this.#closing = closingSignalOf(exchange.request);
  }

  get address(): Address {
    return this.#replica.address;
  }

  get agent(): Agent | undefined {
    return this.#replica.streamAgent;
  }

  get #replica(): Replica {
    return this.#attempts.replica as Replica;
  }

  start(): void {
    const { exchange } = this;
    const { request } = exchange;
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
      this.#attempts.end();
      this.#closing.removeEventListener('abort', end);
      if (request.complete) return;
      const timer = setTimeout(() => request.destroy(), UNWANTED_BODY_MS);
      request.once('close', () => clearTimeout(timer));
    });
    this.#attempt();
  }

  made(proxied: ClientRequest): void {
    this.#proxied = proxied;
    const { traceparent } = this.#attempts;
    if (traceparent !== undefined) proxied.setHeader('traceparent', traceparent);
    if (this.#failed) proxied.destroy();
    proxied.setTimeout(this.#context.idleTimeoutMs, () => this.#endLate());
  }

  answered(answer: IncomingMessage): boolean {
    const { exchange } = this;
    const { response } = exchange;
    this.#answer = answer;
    clearTimeout(this.#timer);
    const status = answer.statusCode as number;
    this.#attempts.observe(status);
    this.#attempts.settleHead(status);
    exchange.replica = this.#replica.name;
    exchange.onEnd(this.#context.opened('http'));
    writeHead(exchange, status, returnedHeaders(answer.headers));
    // The head at once; as `flushHeaders` sends it, it would be UTF-8, and its bytes are latin1.
    response.write('', 'latin1');
    answer.pipe(response);
    // An answer before the end of the body: the rest of it is of no use.
    answer.once('close', () => this.#dropBody());
    if (this.#closing.aborted) this.#endEvents();
    return true;
  }

  switched(_answer: IncomingMessage, socket: Socket): false {
    socket.destroy();
    this.failed(new Error('it switched to another protocol without being asked'));
    return false;
  }

  failed(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    const { exchange } = this;
    const code = codeOf(error);
    exchange.replica = this.#replica.name;
    this.#attempts.observe(this.#late ? 'late' : code);
    if (exchange.response.headersSent || exchange.response.destroyed) {
      exchange.error ??= error;
      exchange.response.destroy();
    } else if (this.#goesOn(code, error)) {
      this.#attempts.beginNext();
      this.#attempt();
      return;
    } else {
      clearTimeout(this.#timer);
      sendProblemAnswer(exchange, this.#problemOf(code, error));
    }
    this.#proxied?.destroy();
    this.#dropBody();
  }

  #attempt(): void {
    this.#proxied = undefined;
    this.#failed = false;
    this.exchange.attempts = this.#attempts.count;
    this.#context.proxy.send(this);
  }

  #goesOn(code: string, error: Error): boolean {
    if (this.#late || 'status' in error) return false;
    return NOT_CONNECTED.has(code)
      ? this.#attempts.afterUnsent(code)
      : this.#attempts.afterLost(code);
  }

  #endLate(): void {
    this.#late = true;
    if (this.#answer === undefined) this.#attempts.afterTimeout();
    this.failed(new Error('no byte came in time'));
  }

  /** The time to the first byte counts from the end of the request: an upload may take hours. */
  #waitForAnswer(): void {
    if (this.#answer !== undefined || this.exchange.response.destroyed) return;
    const timeoutMs = this.exchange.timeLeft(this.#context.timeoutMs);
    this.#timer = setTimeout(() => this.#endLate(), timeoutMs);
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
    const { name } = this.#attempts.upstream;
    if ('status' in error) return error;
    this.#attempts.settle('failed');
    if (this.#late) return upstreamTimedOut(name, this.#context.timeoutMs);
    return NOT_CONNECTED.has(code) ? upstreamUnavailable(name, error) : upstreamBroke(name, error);
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
