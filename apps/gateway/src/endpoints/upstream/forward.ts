import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { endWith, writeHead, sendProblemAnswer } from '../../exchange/answer.ts';
import type { Answer } from '../../exchange/answer.ts';
import type { AnswerTap, Exchange } from '../../exchange/exchange.ts';
import { returnedHeaders } from '../../exchange/headers.ts';
import { clientGone } from '../../problems.ts';
import type { UpstreamReceiver, UpstreamRequest } from '../../upstreams/upstream-request.ts';

/** How long a client may leave a piece of the answer unread before its connection is cut. */
const UNREAD_TIMEOUT_MS = 60_000;

/** Writes an upstream's answer to the client as it comes. */
export class DirectReceiver implements UpstreamReceiver {
  readonly #exchange: Exchange;
  #request: UpstreamRequest | undefined;
  /** Bytes of the body still to come; NaN when the upstream has not told its length. */
  #left = Number.NaN;
  #unread: NodeJS.Timeout | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  follow(request: UpstreamRequest): void {
    this.#request = request;
    // Not written as `… .onClientGone = () =>`: V8 makes a function that is assigned to a property in
    // the old generation, and all that it holds, which is the whole exchange, would follow it there.
    const abort = () => {
      clearTimeout(this.#unread);
      request.abort(clientGone());
    };
    this.#exchange.onClientGone = abort;
  }

  onHead(status: number, headers: IncomingHttpHeaders): void {
    this.#note();
    if (headers['content-length'] !== undefined) this.#left = Number(headers['content-length']);
    writeHead(this.#exchange, status, returnedHeaders(headers));
  }

  onData(chunk: Buffer): void {
    const { response } = this.#exchange;
    this.#left -= chunk.length;
    if (this.#left === 0) {
      // Head, body and end leave in one write.
      endWith(response, chunk);
    } else if (!response.write(chunk)) {
      this.#request?.pause();
      this.#unread = setTimeout(() => response.destroy(), UNREAD_TIMEOUT_MS);
      response.once('drain', () => {
        clearTimeout(this.#unread);
        this.#request?.resume();
      });
    }
  }

  onEnd(): void {
    if (!this.#exchange.response.writableEnded) this.#exchange.response.end();
  }

  onError(error: Error): void {
    this.#note();
    sendProblemAnswer(this.#exchange, error);
  }

  #note(): void {
    noteReplica(this.#exchange, this.#request);
  }
}

/** Hands an upstream's answer on, for filters that follow; its body is a stream. */
export class AnswerReceiver implements UpstreamReceiver {
  readonly answer: Promise<Answer>;
  readonly #exchange: Exchange;
  #resolve!: (answer: Answer) => void;
  #reject!: (error: Error) => void;
  #request: UpstreamRequest | undefined;
  #body: Readable | undefined;
  #ended = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  follow(request: UpstreamRequest): void {
    this.#request = request;
    const abort = () => request.abort(clientGone());
    this.#exchange.onClientGone = abort;
  }

  onHead(status: number, headers: IncomingHttpHeaders): void {
    noteReplica(this.#exchange, this.#request);
    const request = this.#request;
    this.#body = new Readable({
      read: () => request?.resume(),
      destroy: (error, done) => {
        // A stream that was read to its end is destroyed too.
        if (!this.#ended) request?.abort(error ?? clientGone());
        done(error);
      },
    });
    // It may break while a filter still waits for something else: who reads it later sees the error.
    this.#body.on('error', () => {});
    this.#resolve({ status, headers: returnedHeaders(headers), body: this.#body });
  }

  onData(chunk: Buffer): void {
    if (this.#body?.push(chunk) === false) this.#request?.pause();
  }

  onEnd(): void {
    this.#ended = true;
    this.#body?.push(null);
  }

  onError(error: Error): void {
    noteReplica(this.#exchange, this.#request);
    if (this.#body === undefined) this.#reject(error);
    else this.#body.destroy(error);
  }
}

/** Shows an answer to a tap on its way to whoever gets it. */
export class TappedReceiver implements UpstreamReceiver {
  readonly #tap: AnswerTap;
  readonly #receiver: UpstreamReceiver;

  constructor(tap: AnswerTap, receiver: UpstreamReceiver) {
    this.#tap = tap;
    this.#receiver = receiver;
  }

  onHead(status: number, headers: IncomingHttpHeaders): void {
    this.#tap.onHead(status, headers);
    this.#receiver.onHead(status, headers);
  }

  onData(chunk: Buffer): void {
    this.#tap.onData(chunk);
    this.#receiver.onData(chunk);
  }

  onEnd(): void {
    this.#receiver.onEnd();
    this.#tap.onEnd();
  }

  onError(error: Error): void {
    this.#receiver.onError(error);
  }
}

function noteReplica(exchange: Exchange, request: UpstreamRequest | undefined): void {
  if (request !== undefined) exchange.upstream = request.upstreamName;
  exchange.replica = request?.replica?.name;
  exchange.attempts = request?.attempts ?? 0;
}
