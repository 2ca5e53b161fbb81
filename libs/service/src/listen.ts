import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { answerParserErrors } from './parser-errors.ts';
import { bindClosingSignal, createClosingController } from './closing.ts';
import { createConnections } from './connections.ts';
import { problem } from './errors.ts';
import type { ProblemError } from './errors.ts';
import { sendProblem } from './problem.ts';
import { requestIdOf } from './request-id.ts';
import { isWebSocketRequest, upgradeResponse } from './upgrade.ts';
import type { UpgradeListener } from './upgrade.ts';

/** A listening server. */
export interface HttpServer {
  readonly port: number;
  /**
   * Takes no more connections. On those that are open it goes on answering for `lingerMs`, each time
   * with `Connection: close`; then cuts the idle ones. Resolves when every request has its answer.
   */
  close(): Promise<void>;
}

export interface ListenOptions {
  /** 0 lets the system choose one. */
  readonly port: number;
  /** All addresses unless given. */
  readonly host?: string;
  readonly log?: Logger;
  /** Longer than any client's idle time, or the client meets a closed connection; 75 s. */
  readonly keepAliveTimeoutMs?: number;
  /** From the connection, or the first byte after an idle time, to the end of the headers; 20 s. */
  readonly headersTimeoutMs?: number;
  /** From the first byte to the end of the body; 60 s. 0 for none. */
  readonly requestTimeoutMs?: number;
  /** How often the two above are checked; 5 s. */
  readonly checkIntervalMs?: number;
  readonly maxHeaderBytes?: number;
  /**
   * How long `close` leaves kept connections open; 0. Longer than the idle time of a balancer's
   * connections, no request is lost on one that the balancer took for open.
   */
  readonly lingerMs?: number;
  /** Takes requests for WebSocket. Any other upgrade is ignored, and without it this one too. */
  readonly upgrade?: UpgradeListener;
  /** Told the status of each request that the parser refused, or that no handler may see. */
  readonly onRefused?: (status: number) => void;
}

/** Where connections come faster than they are accepted, waiting for the last would never end. */
const BACKLOG_LIMIT_MS = 2_000;

/** The address cannot be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** Node's code, such as `EADDRINUSE`. */
  readonly code: string;

  constructor(code: string, host: string, port: number, cause: unknown) {
    const reason =
      {
        EADDRINUSE: 'another process listens there; stop it or choose another port',
        EACCES: 'it needs more rights; choose a port above 1023',
        EADDRNOTAVAIL: 'this machine does not have the address',
      }[code] ?? code;
    super(`Cannot listen on ${host}:${port}: ${reason}.`, { cause });
    this.code = code;
  }
}

/**
 * Serves `handler` over HTTP/1.1. What the HTTP parser refuses is answered as problem+json too.
 * @throws ListenError (rejection)
 */
export async function listen(
  handler: RequestListener,
  {
    port,
    host,
    log,
    keepAliveTimeoutMs = 75_000,
    headersTimeoutMs = 20_000,
    requestTimeoutMs = 60_000,
    checkIntervalMs = 5_000,
    maxHeaderBytes = 16_384,
    lingerMs = 0,
    upgrade,
    onRefused = () => {},
  }: ListenOptions,
): Promise<HttpServer> {
  const closing = createClosingController();
  const connections = createConnections();
  let ending = false;
  let accepted = 0;

  const refuse = (
    request: IncomingMessage,
    response: ServerResponse,
    error: ProblemError,
  ): void => {
    onRefused(error.status);
    response.shouldKeepAlive = false;
    sendProblem(response, error, {
      instance: request.url ?? '',
      requestId: requestIdOf(request.headers),
    });
  };
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const earlier = connections.lastResponse(request.socket);
    if (earlier !== undefined && !earlier.writableFinished) {
      // What comes behind an answer that said `Connection: close` is not processed (RFC 9112 9.6).
      if (earlier.headersSent && !earlier.shouldKeepAlive) return;
      // Of those that wait for their turn the last one says it, or the others would be cut.
      if (ending && !earlier.headersSent) earlier.shouldKeepAlive = true;
    }
    connections.begin(request.socket, response);
    if (ending) response.shouldKeepAlive = false;
    const refused = refusalOf(request);
    if (refused === undefined) handler(request, response);
    else refuse(request, response, refused);
  };
  const server = createServer(
    {
      keepAliveTimeout: keepAliveTimeoutMs,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: checkIntervalMs,
      maxHeaderSize: maxHeaderBytes,
      // Node's own answer to a missing Host has no body; `refusalOf` gives one.
      requireHostHeader: false,
      shouldUpgradeCallback: (request) => upgrade !== undefined && isWebSocketRequest(request),
      noDelay: true,
    },
    serve,
  );
  server.on('connection', (socket) => {
    accepted += 1;
    connections.add(socket);
    bindClosingSignal(socket, closing.signal);
  });
  server.on('checkExpectation', (request, response) => {
    connections.begin(request.socket, response);
    refuse(request, response, problem('WT-EXPECTATION-FAILED', 'Only 100-continue is supported.'));
  });
  /** Of a connection that Node's parser has let go of: one answer, then its end. */
  const serveLast = (
    request: IncomingMessage,
    stream: Duplex,
    answer: (response: ServerResponse) => void,
  ): void => {
    const socket = stream as Socket;
    // Node has taken its own listener away, and nobody may have another yet.
    socket.on('error', () => socket.destroy());
    const earlier = connections.lastResponse(socket);
    if (earlier !== undefined && !earlier.writableFinished) {
      // A client that does not wait for its answer cannot have this one in order.
      earlier.once('close', () => socket.destroy());
      return;
    }
    const response = upgradeResponse(request, socket);
    connections.begin(socket, response);
    const refused = refusalOf(request);
    if (refused === undefined) answer(response);
    else refuse(request, response, refused);
  };
  server.on('connect', (request, stream) => {
    serveLast(request, stream, (response) => {
      refuse(request, response, problem('WT-METHOD-NOT-IMPLEMENTED', 'CONNECT is not supported.'));
    });
  });
  server.on('upgrade', (request, stream, head) => {
    serveLast(request, stream, (response) => upgrade?.(request, response, head));
  });
  answerParserErrors(server, connections.lastResponse, log, onRefused);
  await startListening(server, port, host);

  async function closeGently(): Promise<void> {
    await backlogIsEmpty();
    const allClosed = new Promise<void>((done, fail) => {
      // The close of http.Server would cut idle connections at once.
      NetServer.prototype.close.call(server, (error) =>
        error === undefined ? done() : fail(error),
      );
    });
    closing.abort(new Error('The server closes.'));
    await Promise.race([allClosed, sleep(lingerMs, undefined, { ref: false })]);
    connections.closeWhenIdle();
    await allClosed;
  }

  /**
   * Closing the listening socket resets the connections that the kernel has made and nobody has
   * accepted yet, with the requests on them. Node accepts one each turn of its loop, so a few turns
   * without a new one mean that none waits.
   */
  async function backlogIsEmpty(): Promise<void> {
    const deadline = performance.now() + BACKLOG_LIMIT_MS;
    let seen = accepted;
    for (let quietTurns = 0; quietTurns < 3 && performance.now() < deadline; quietTurns += 1) {
      await new Promise((nextTurn) => setImmediate(nextTurn));
      if (accepted !== seen) quietTurns = -1;
      seen = accepted;
    }
  }

  let closed: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      ending = true;
      closed ??= closeGently();
      return closed;
    },
  };
}

/** Requests that no handler may see. */
function refusalOf({ headers, httpVersion }: IncomingMessage): ProblemError | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') {
    return problem('WT-REQUEST-UNREADABLE', 'The request has no HTTP version; send HTTP/1.1.');
  }
  if (headers.host === undefined && httpVersion === '1.1') {
    return problem('WT-REQUEST-UNREADABLE', 'The request has no Host header; HTTP/1.1 needs one.');
  }
  // The parser tells of these only when it comes to the body, which is too late for a proxy.
  const { 'transfer-encoding': encoding } = headers;
  if (encoding !== undefined && (encoding.toLowerCase() !== 'chunked' || httpVersion === '1.0')) {
    return problem(
      'WT-REQUEST-UNREADABLE',
      'The Transfer-Encoding is not understood; send "chunked" with HTTP/1.1.',
    );
  }
  return undefined;
}

function startListening(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((done, fail) => {
    const refused = (error: NodeJS.ErrnoException) =>
      fail(new ListenError(error.code ?? 'unknown', host ?? '*', port, error));
    server.once('error', refused);
    server.listen({ port, ...(host !== undefined && { host }) }, () => {
      server.off('error', refused);
      done();
    });
  });
}
