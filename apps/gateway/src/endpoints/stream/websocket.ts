import { Agent } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { closingSignalOf } from '@woodytoys/service';
import { TAKEN, sendProblemAnswer } from '../../exchange/answer.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { returnedHeaders } from '../../exchange/headers.ts';
import { gatewayCloses, upstreamBroke, upstreamTimedOut } from '../../problems.ts';
import { Attempts } from '../../upstreams/attempts.ts';
import type { Address } from '../../upstreams/discovery.ts';
import type { Replica } from '../../upstreams/replica.ts';
import { connectReplica } from './connect.ts';
import { codeOf } from './context.ts';
import type { StreamContext } from './context.ts';
import { FrameBoundary } from './frame-boundary.ts';
import { headersObject } from './headers-object.ts';
import type { ProxiedRequest } from './proxy.ts';

/** A close frame of a server with the code 1001, "going away": clients connect anew. */
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);
/** How long the other side may take to close after it was told. */
const CLOSE_MS = 1_000;

/**
 * Passes a WebSocket on to a replica. The connection to it is made first, so that one that takes none
 * costs the client nothing.
 * @throws ProblemError 503 when no replica takes it, or the gateway closes (rejection).
 */
export async function openWebSocket(
  context: StreamContext,
  exchange: Exchange,
): Promise<typeof TAKEN> {
  if (closingSignalOf(exchange.request).aborted) throw gatewayCloses();
  noticeEnd(exchange);
  const path = context.targetOf(exchange);
  const attempts = new Attempts(
    context.upstream,
    {
      method: 'GET',
      path,
      headers: exchange.headers,
      replayable: false,
      counted: false,
      span: exchange.span,
    },
    context.observer,
  );
  exchange.upstream = attempts.upstream.name;
  exchange.onEnd(() => attempts.end());
  const socket = await connectReplica(attempts, exchange.timeLeft(context.timeoutMs));
  exchange.attempts = attempts.count;
  exchange.replica = attempts.replica?.name;
  if (exchange.gone) socket.destroy();
  else new WebSocketStream(context, exchange, { path, attempts, socket }).start();
  return TAKEN;
}

/** Nobody reads the connection until there is an answer, and who does not read sees no end. */
function noticeEnd(exchange: Exchange): void {
  const { socket } = exchange.request;
  socket.once('end', () => {
    if (exchange.answeredAs === undefined) socket.destroy();
  });
  socket.read(0);
}

class WebSocketStream implements ProxiedRequest {
  readonly exchange: Exchange;
  readonly address: Address;
  readonly path: string;
  readonly agent: Agent;
  readonly body = undefined;
  readonly #context: StreamContext;
  readonly #client: Socket;
  readonly #inner: Socket;
  readonly #attempts: Attempts;
  readonly #frames = new FrameBoundary();
  #timer: NodeJS.Timeout | undefined;
  #late = false;

  constructor(
    context: StreamContext,
    exchange: Exchange,
    { path, attempts, socket }: { path: string; attempts: Attempts; socket: Socket },
  ) {
    this.#context = context;
    this.#attempts = attempts;
    this.exchange = exchange;
    // The connection is there: whether it is encrypted is not the proxy's affair.
    this.address = { ...(attempts.replica as Replica).address, protocol: 'http:' };
    this.path = path;
    this.#inner = socket;
    this.#client = exchange.request.socket;
    this.agent = new Agent({ keepAlive: false });
    this.agent.createConnection = () => socket;
  }

  start(): void {
    const { exchange } = this;
    const { request } = exchange;
    request.headers = {
      ...headersObject(exchange.headers),
      connection: 'Upgrade',
      upgrade: 'websocket',
    } as IncomingHttpHeaders;
    this.#timer = setTimeout(() => {
      this.#late = true;
      this.#attempts.afterTimeout();
      this.#inner.destroy();
    }, exchange.timeLeft(this.#context.timeoutMs));
    exchange.onEnd(() => {
      clearTimeout(this.#timer);
      this.#inner.destroy();
    });
    this.#context.proxy.upgrade(this, this.#client, exchange.upgradeHead as Buffer);
  }

  made(proxied: ClientRequest): void {
    const { traceparent } = this.#attempts;
    if (traceparent !== undefined) proxied.setHeader('traceparent', traceparent);
  }

  /** The replica answers as to any request: it takes no WebSocket, and the client gets to know why. */
  answered(answer: IncomingMessage): boolean {
    if (answer.statusCode === 101) return this.#refuse();
    this.#noteAnswer(answer);
    const { 'transfer-encoding': encoding } = answer.headers;
    answer.headers = {
      ...this.#answerHeaders(answer),
      ...(encoding !== undefined && { 'transfer-encoding': encoding }),
    };
    answer.once('close', () => {
      // What the client has sent is nobody's: unread, it would hide the end of the connection.
      this.#client.resume();
      this.#destroySoon(this.#client);
    });
    return true;
  }

  switched(answer: IncomingMessage, inner: Socket): boolean {
    if (answer.headers.upgrade?.toLowerCase() !== 'websocket') return this.#refuse();
    this.#noteAnswer(answer);
    const { 'content-length': _length, ...headers } = this.#answerHeaders(answer);
    answer.headers = {
      ...headers,
      connection: 'Upgrade',
      upgrade: 'websocket',
    };
    this.exchange.onEnd(this.#context.opened('websocket'));
    const client = this.#client;
    const idle = setTimeout(() => this.#goAway(), this.#context.idleTimeoutMs);
    // Not before the proxy reads: what came with the answer would be told to nobody else.
    process.nextTick(() => {
      inner.on('data', (chunk: Buffer) => {
        idle.refresh();
        this.#frames.take(chunk);
      });
      client.on('data', () => idle.refresh());
    });
    // Whichever side goes takes the other with it; what was written before still arrives.
    inner.once('close', () => this.#destroySoon(client));
    client.once('close', () => inner.destroy());
    const closing = closingSignalOf(this.exchange.request);
    const goAway = () => this.#goAway();
    closing.addEventListener('abort', goAway, { once: true });
    this.exchange.onEnd(() => {
      clearTimeout(idle);
      closing.removeEventListener('abort', goAway);
    });
    // The gateway began to close while the replica was asked; the proxy writes its answer first.
    if (closing.aborted) setImmediate(goAway);
    return true;
  }

  failed(error: Error): void {
    const { exchange } = this;
    const { timeoutMs } = this.#context;
    const { name } = this.#attempts.upstream;
    if (exchange.answeredAs !== undefined || exchange.response.headersSent) {
      exchange.error ??= error;
      this.#destroySoon(this.#client);
      return;
    }
    this.#attempts.observe(this.#late ? 'late' : codeOf(error));
    if (!this.#late) this.#attempts.afterLost(codeOf(error));
    this.#attempts.settle('failed');
    const problem = this.#late ? upstreamTimedOut(name, timeoutMs) : upstreamBroke(name, error);
    sendProblemAnswer(exchange, problem);
  }

  /** The replica speaks neither HTTP nor WebSocket now. */
  #refuse(): false {
    this.failed(new Error('it switched to another protocol than WebSocket'));
    this.#inner.destroy();
    return false;
  }

  #noteAnswer({ statusCode: status = 0 }: IncomingMessage): void {
    clearTimeout(this.#timer);
    this.exchange.answeredAs = status;
    this.#attempts.observe(status);
    this.#attempts.settleHead(status);
  }

  #answerHeaders({ headers }: IncomingMessage): IncomingHttpHeaders {
    const { requestId, answerHeaders } = this.exchange;
    const all = [...returnedHeaders(headers), 'x-request-id', requestId, ...answerHeaders];
    return headersObject(all) as IncomingHttpHeaders;
  }

  /**
   * Closes with 1001 when no frame is half sent, else by the end of the connection. The client's own
   * close frame goes on to the replica.
   */
  #goAway(): void {
    const inner = this.#inner;
    inner.unpipe(this.#client);
    // What the replica still says is read and dropped, so that its end is seen.
    inner.resume();
    if (this.#frames.atEnd) this.#client.end(GOING_AWAY);
    this.#destroySoon(this.#client);
  }

  #destroySoon(socket: Socket): void {
    if (socket.destroyed) return;
    socket.end();
    const timer = setTimeout(() => socket.destroy(), CLOSE_MS);
    socket.once('close', () => clearTimeout(timer));
  }
}
