import { TAKEN } from '../exchange/answer.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { EndpointDefinition } from '../plugin.ts';
import { durationMs, sizeBytes } from '../config/units.ts';
import type { StreamContext } from './stream/context.ts';
import { HttpStream } from './stream/http-stream.ts';
import { createStreamProxy } from './stream/proxy.ts';
import { openWebSocket } from './stream/websocket.ts';
import { targetPathBuilder, targetSchema } from './upstream/target.ts';
import type { TargetOptions } from './upstream/target.ts';

interface StreamOptions extends TargetOptions {
  readonly websocket?: boolean;
}

/**
 * Passes on what is open for long: server-sent events, long uploads and downloads, WebSockets.
 * Nothing is held back, no time ends it but the route's `idleTimeout` without a byte, and a client
 * that goes ends the upstream's side.
 */
export const stream: EndpointDefinition<StreamOptions> = {
  name: 'stream',
  writesItself: true,
  takesUpgrade: ({ websocket }) => websocket === true,
  options: {
    type: 'object',
    description:
      'Passes what is open for long: server-sent events, long uploads and downloads, WebSockets.',
    ...targetSchema,
    properties: {
      ...targetSchema.properties,
      websocket: {
        type: 'boolean',
        description: 'True when the path takes WebSockets too; their requests are refused else.',
        default: false,
      },
    },
  },
  create({ upstream: name, path }, { route, template, observer, metrics, shared, upstream: find }) {
    const buildPath = targetPathBuilder(path, template);
    const context: StreamContext = {
      upstream: find(name),
      proxy: shared('stream proxy', createStreamProxy),
      observer,
      maxBodyBytes: sizeBytes(route.maxBody),
      timeoutMs: durationMs(route.timeout),
      idleTimeoutMs: durationMs(route.idleTimeout),
      targetOf: ({ targetPath, parameters, query }) =>
        (targetPath ?? buildPath(parameters)) + query,
      opened: (kind) => metrics.gateway.streamOpened(route.path, kind),
    };

    async function startLater(exchange: Exchange, body: Promise<Buffer>): Promise<typeof TAKEN> {
      new HttpStream(context, exchange, await body).start();
      return TAKEN;
    }

    return (exchange) => {
      if (exchange.upgradeHead !== undefined) return openWebSocket(context, exchange);
      const body = exchange.body(context.maxBodyBytes);
      if (body instanceof Promise) return startLater(exchange, body);
      new HttpStream(context, exchange, body).start();
      return TAKEN;
    };
  },
};
