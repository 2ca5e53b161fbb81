import { Agent } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Stream } from 'node:stream';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { Exchange } from '../../exchange/exchange.ts';
import { STREAM_AGENT, originOf, retireAgent } from '../../upstreams/connection.ts';
import type { Address } from '../../upstreams/discovery.ts';

/** A request as the proxy takes it to a replica, and who hears what becomes of it. */
export interface ProxiedRequest {
  readonly exchange: Exchange;
  readonly address: Address;
  readonly path: string;
  /** Undefined for the proxy's own connections. */
  readonly agent: Agent | undefined;
  /** Undefined for a WebSocket, which has none. */
  readonly body: Stream | undefined;
  /** The request exists; nothing of it was sent. */
  made(proxied: ClientRequest): void;
  /** False when it is not to be passed on. */
  answered(answer: IncomingMessage): boolean;
  /** The replica speaks another protocol now; false when that is not to be passed on. */
  switched(answer: IncomingMessage, socket: Socket): boolean;
  /** May be told twice of the same failure. */
  failed(error: Error): void;
}

export interface StreamProxy {
  /** Sends a request whose headers are clean, and tells `proxied` of it. */
  send(proxied: ProxiedRequest): void;
  /** The same for a request for WebSocket; `head` is what came after it. */
  upgrade(proxied: ProxiedRequest, socket: Socket, head: Buffer): void;
  close(): void;
}

/**
 * The one http-proxy-middleware of all routes: each listens for the end of the server, so one for
 * each route of each table would pile up.
 */
export function createStreamProxy(): StreamProxy {
  const running = new WeakMap<IncomingMessage, ProxiedRequest>();
  const find = (request: IncomingMessage) => running.get(request) as ProxiedRequest;
  const ownAgent = new Agent(STREAM_AGENT);

  const proxy = createProxyMiddleware<IncomingMessage>({
    target: 'http://upstream.invalid',
    // The options are those of this request alone.
    router: (request, _response, options) => {
      const { address, agent = ownAgent, body: buffer, exchange } = find(request);
      Object.assign(options, { agent, buffer, method: exchange.method });
      return originOf(address);
    },
    pathRewrite: (_path, request) => find(request).path,
    changeOrigin: true,
    xfwd: false,
    selfHandleResponse: true,
    on: {
      proxyReq: (proxied, request) => {
        const waiting = find(request);
        waiting.made(proxied);
        proxied.once('upgrade', (answer, socket) => waiting.switched(answer, socket as Socket));
      },
      proxyReqWs: (proxied, request) => {
        const waiting = find(request);
        waiting.made(proxied);
        // Once the proxy has its own listeners: they pass on what they find in the answer.
        queueMicrotask(() => {
          guard(proxied, 'response', (answer) => waiting.answered(answer));
          guard(proxied, 'upgrade', (answer, socket) => waiting.switched(answer, socket));
        });
      },
      proxyRes: (answer, request) => void find(request).answered(answer),
      error: (error, request) => find(request).failed(error),
    },
  });

  return {
    send(proxied) {
      const { request, response } = proxied.exchange;
      running.set(request, proxied);
      // What fails before the request is made comes here, the rest as its event.
      void proxy(request, response, (error) => proxied.failed(error as Error));
    },
    upgrade(proxied, socket, head) {
      const { request } = proxied.exchange;
      running.set(request, proxied);
      proxy.upgrade(request, socket, head);
    },
    close: () => retireAgent(ownAgent),
  };
}

/** Lets an event of `request` through to those who listen now when `passes` says so. */
function guard(
  request: ClientRequest,
  event: 'response' | 'upgrade',
  passes: (answer: IncomingMessage, socket: Socket) => boolean,
): void {
  const listeners = request.listeners(event) as ((...parts: unknown[]) => void)[];
  request.removeAllListeners(event);
  request.once(event, (answer: IncomingMessage, ...parts: unknown[]) => {
    if (!passes(answer, parts[0] as Socket)) return;
    for (const listener of listeners) listener.call(request, answer, ...parts);
  });
}
