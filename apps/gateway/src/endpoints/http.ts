import type { Readable } from 'node:stream';
import { TAKEN } from '../exchange/answer.ts';
import type { Answer } from '../exchange/answer.ts';
import { durationMs, sizeBytes } from '../config/units.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { EndpointDefinition } from '../plugin.ts';
import { UpstreamRequest } from '../upstreams/upstream-request.ts';
import { AnswerReceiver, DirectReceiver, TappedReceiver } from './upstream/forward.ts';
import { targetPathBuilder, targetSchema } from './upstream/target.ts';
import type { TargetOptions } from './upstream/target.ts';

/** Passes the request to a replica of an upstream, and its answer back, both as they come. */
export const http: EndpointDefinition<TargetOptions> = {
  name: 'http',
  options: {
    type: 'object',
    description: 'Passes the request to an upstream and its answer back.',
    ...targetSchema,
  },
  create({ upstream: name, path }, { route, template, observer, handsOn, upstream: find }) {
    const upstream = find(name);
    const buildPath = targetPathBuilder(path, template);
    const timeoutMs = durationMs(route.timeout);
    const idleTimeoutMs = durationMs(route.idleTimeout);
    const maxBodyBytes = sizeBytes(route.maxBody);

    function forward(
      exchange: Exchange,
      body: Buffer | Readable | null,
    ): typeof TAKEN | Promise<Answer> {
      const { request, headers } = exchange;
      const { 'content-length': length } = request.headers;
      if (body !== null && !Buffer.isBuffer(body) && length !== undefined) {
        headers.push('content-length', length);
      }
      exchange.upstream = name;
      const receiver = handsOn ? new AnswerReceiver(exchange) : new DirectReceiver(exchange);
      const upstreamRequest = new UpstreamRequest(
        upstream,
        {
          method: exchange.method,
          path: (exchange.targetPath ?? buildPath(exchange.parameters)) + exchange.query,
          headers,
          body,
          timeoutMs: exchange.timeLeft(timeoutMs),
          idleTimeoutMs,
          span: exchange.span,
        },
        exchange.tap === undefined ? receiver : new TappedReceiver(exchange.tap, receiver),
        observer,
      );
      receiver.follow(upstreamRequest);
      upstreamRequest.start();
      return receiver instanceof AnswerReceiver ? receiver.answer : TAKEN;
    }

    async function forwardLater(
      exchange: Exchange,
      body: Promise<Buffer>,
    ): Promise<Answer | typeof TAKEN> {
      return forward(exchange, await body);
    }

    return (exchange) => {
      const body = exchange.body(maxBodyBytes);
      return body instanceof Promise ? forwardLater(exchange, body) : forward(exchange, body);
    };
  },
};
