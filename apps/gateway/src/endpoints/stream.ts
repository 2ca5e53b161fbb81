import { Agent } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { closingSignalOf } from '@woodytoys/service';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { TAKEN, sendProblemAnswer, writeHead } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { returnedHeaders } from '../headers.ts';
import type { EndpointDefinition } from '../plugin.ts';
import { upstreamBroke, upstreamTimedOut, upstreamUnavailable } from '../problems.ts';
import { durationMs } from '../units.ts';
import type { Replica } from '../upstreams/replica.ts';
import { targetPathBuilder, targetSchema } from './target.ts';
import type { TargetOptions } from './target.ts';

/** Streams are held open: the agent's own limit of 256 would make the next ones wait in silence. */
const MAX_STREAMS_PER_REPLICA = 10_000;
const MAX_ATTEMPTS = 4;
/** No byte was sent: another replica may be asked, whatever the method. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND']);

/** One stream: what the proxy's callbacks need to know about the request that they get. */
interface Streaming {
  readonly exchange: Exchange;
  readonly startedAt: number;
  readonly tried: Set<Replica>;
  replica: Replica;
  proxied: ClientRequest | undefined;
  answer: IncomingMessage | undefined;
  headTimer: NodeJS.Timeout;
  late: boolean;
  /** The attempt that runs has failed: the proxy may tell it twice. */
  failed: boolean;
}

/**
 * Passes on what is open for long, such as server-sent events: nothing is held back, no time ends it
 * but the route's `idleTimeout` without a byte, and a client that goes ends the upstream's side.
 * One http-proxy-middleware for each route, made when the table is built.
 */
export const stream: EndpointDefinition<TargetOptions> = {
  name: 'stream',
  writesItself: true,
  options: {
    type: 'object',
    description: 'Passes long streams, such as server-sent events, from an upstream.',
    ...targetSchema,
  },
  create({ upstream: name, path }, { route, template, observer, shared, upstream: find }) {
    const upstream = find(name);
    const buildPath = targetPathBuilder(path, template);
    const timeoutMs = durationMs(route.timeout);
    const running = new WeakMap<IncomingMessage, Streaming>();
    const { agent } = shared('stream agent', () => {
      const made = new Agent({
        keepAlive: true,
        keepAliveMsecs: 1_000,
        maxSockets: MAX_STREAMS_PER_REPLICA,
        timeout: 2_000,
      });
      return { agent: made, close: () => made.destroy() };
    });

    const proxy = createProxyMiddleware<IncomingMessage>({
      target: 'http://upstream.invalid',
      router: (request) => {
        const { address } = (running.get(request) as Streaming).replica;
        return `${address.protocol}//${address.host}:${address.port}`;
      },
      pathRewrite: (_path, request) => {
        const { exchange } = running.get(request) as Streaming;
        return (exchange.targetPath ?? buildPath(exchange.parameters)) + exchange.query;
      },
      agent,
      changeOrigin: true,
      xfwd: false,
      proxyTimeout: durationMs(route.idleTimeout),
      selfHandleResponse: true,
      on: {
        proxyReq: (proxied, request) => {
          (running.get(request) as Streaming).proxied = proxied;
        },
        proxyRes: (answer, request, response) => {
          const streaming = running.get(request) as Streaming;
          streaming.answer = answer;
          clearTimeout(streaming.headTimer);
          const status = answer.statusCode as number;
          observe(streaming, status);
          noteReplica(streaming);
          writeHead(streaming.exchange, status, returnedHeaders(answer.headers));
          response.flushHeaders();
          answer.pipe(response);
        },
        error: (error, request) => fail(running.get(request) as Streaming, error),
      },
    });

    function observe(streaming: Streaming, status: number | string): void {
      const seconds = (performance.now() - streaming.startedAt) / 1000;
      observer.attempt(name, streaming.replica.name, status, seconds);
    }

    function attempt(streaming: Streaming): void {
      const { exchange } = streaming;
      streaming.proxied = undefined;
      streaming.failed = false;
      exchange.attempts += 1;
      // What fails before the request is made comes here, the rest as its event.
      void proxy(exchange.request, exchange.response, (error) => fail(streaming, error as Error));
    }

    function fail(streaming: Streaming, error: Error): void {
      if (streaming.failed) return;
      streaming.failed = true;
      const { exchange, replica, tried } = streaming;
      const code = (error as NodeJS.ErrnoException).code ?? error.name;
      noteReplica(streaming);
      observe(streaming, code);
      if (exchange.response.headersSent || exchange.response.destroyed) {
        clearTimeout(streaming.headTimer);
        exchange.error ??= error;
        exchange.response.destroy();
        return;
      }
      if (NOT_CONNECTED.has(code)) {
        replica.putAside();
        tried.add(replica);
        const next = tried.size < MAX_ATTEMPTS ? upstream.pick(tried) : undefined;
        if (next !== undefined) {
          observer.retry(name, code);
          streaming.replica = next;
          attempt(streaming);
          return;
        }
      }
      clearTimeout(streaming.headTimer);
      sendProblemAnswer(exchange, problemOf(streaming, code, error));
    }

    function problemOf(streaming: Streaming, code: string, error: Error): Error {
      if (streaming.late) return upstreamTimedOut(name, timeoutMs);
      return NOT_CONNECTED.has(code)
        ? upstreamUnavailable(name, error)
        : upstreamBroke(name, error);
    }

    return (exchange) => {
      const replica = upstream.pick();
      if (replica === undefined) throw upstreamUnavailable(name, new Error('no replica is known'));
      exchange.upstream = name;
      const streaming: Streaming = {
        exchange,
        startedAt: performance.now(),
        tried: new Set(),
        replica,
        proxied: undefined,
        answer: undefined,
        late: false,
        failed: false,
        headTimer: setTimeout(() => {
          streaming.late = true;
          streaming.proxied?.destroy();
        }, timeoutMs),
      };
      running.set(exchange.request, streaming);
      // The proxy copies the request's own headers, so they are made clean before it sees them.
      exchange.request.headers = asObject(exchange.headers);
      // The server that closes would wait for the stream until its limit.
      const closing = closingSignalOf(exchange.request);
      const end = () => endStream(exchange, streaming);
      closing.addEventListener('abort', end, { once: true });
      exchange.response.once('close', () => {
        clearTimeout(streaming.headTimer);
        closing.removeEventListener('abort', end);
      });
      attempt(streaming);
      return TAKEN;
    };
  },
};

/** Ends a stream as if the upstream had: the client has seen it whole, and connects anew. */
function endStream({ response }: Exchange, { proxied, answer }: Streaming): void {
  if (answer === undefined) {
    proxied?.destroy();
    return;
  }
  answer.unpipe(response);
  // The proxy cuts the client's connection with the upstream's: not before the end is written.
  response.end(() => proxied?.destroy());
}

function noteReplica({ exchange, replica }: Streaming): void {
  exchange.replica = replica.name;
}

function asObject(headers: readonly string[]): IncomingHttpHeaders {
  const object: Record<string, string> = {};
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    const value = headers[index + 1] as string;
    object[name] =
      name in object ? `${object[name]}${name === 'cookie' ? '; ' : ', '}${value}` : value;
  }
  return object;
}
