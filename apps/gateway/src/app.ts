import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { App, Logger, PrivateRoutes, UpgradeListener } from '@woodytoys/service';
import type { Tracing } from '@woodytoys/tracing';
import { createAccessLog } from './operating/access-log.ts';
import { createAdminRoutes } from './operating/admin.ts';
import { createRecentFailures } from './operating/recent-failures.ts';
import { beginRequestSpan, endRequestSpan } from './operating/request-span.ts';
import type { Environment } from './config/interpolate.ts';
import { createConfigReader } from './config/reader.ts';
import { Exchange } from './exchange/exchange.ts';
import { createLiveTable } from './routing/live-table.ts';
import type { GatewayMetrics } from './metrics.ts';
import { runExchange } from './routing/pipeline.ts';
import type { SharedRedis } from './plugin.ts';
import type { MessagePublisher } from './connections/publisher.ts';
import { builtInRegistry } from './registry.ts';
import type { UpstreamObserver } from './upstreams/attempts.ts';
import { ReplicatedUpstream } from './upstreams/replicated-upstream.ts';
import { createResolveName, createResolveService } from './upstreams/resolve.ts';
import type { ResolveName, ResolveService } from './upstreams/resolve.ts';

export { GatewayConfigError } from './config/errors.ts';

/** The configuration that the gateway comes with. */
export const gatewayConfigFile = fileURLToPath(new URL('../gateway.yaml', import.meta.url));

export interface GatewayDependencies {
  /** The YAML file of routes and upstreams. */
  readonly configFile: string;
  /** What the file's `${NAME}` stand for. */
  readonly environment: Environment;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
  /** Makes spans of requests and of what is asked of upstreams; none unless given. */
  readonly tracing?: Tracing | undefined;
  /** How many proxies of ours stand between a client and the gateway; 0 unless given. */
  readonly trustedProxies?: number;
  /** What all replicas share: limits, cached answers, keys; each keeps its own unless given. */
  readonly redis?: SharedRedis;
  /** Where messages are published; routes that do answer 503 unless given. */
  readonly publisher?: MessagePublisher;
  /** Whether a change of the configuration's files is a reload; false unless given. */
  readonly watch?: boolean;
  /** How names are resolved; by DNS unless given. */
  readonly resolveName?: ResolveName;
  /** How SRV names are resolved; by DNS unless given. */
  readonly resolveService?: ResolveService;
}

export interface Gateway extends App {
  readonly handler: RequestListener;
  readonly upgrade: UpgradeListener;
  /**
   * Reads the configuration anew and swaps the table; requests under way keep the old one. One that
   * fails is logged and counted.
   * @throws GatewayConfigError when it has mistakes; then nothing has changed (rejection).
   */
  reload(): Promise<void>;
  /** What operators may see of it on the private port. */
  readonly privateRoutes: PrivateRoutes;
  /** Rejects while there is no table; what `/readyz` asks. An upstream that is down is no reason. */
  ready(): Promise<void>;
}

/** nginx's word for a client that went before it had an answer. */
const CLIENT_GONE = 499;

/**
 * Makes the gateway. `start()` loads the configuration, and fails with every mistake in it; until
 * then every path is unknown.
 */
export function createGateway({
  configFile,
  environment,
  metrics,
  log,
  tracing,
  trustedProxies = 0,
  redis,
  publisher,
  watch = false,
  resolveName = createResolveName(),
  resolveService = createResolveService(resolveName),
}: GatewayDependencies): Gateway {
  const observer: UpstreamObserver = {
    attempt(upstream, replica, status, durationSeconds) {
      metrics.client.observe({ upstream, replica, status, durationSeconds });
    },
    retry: (upstream, reason) => metrics.gateway.retry(upstream, reason),
  };
  const writeAccessLog = createAccessLog(log);
  const failures = createRecentFailures();
  const live = createLiveTable({
    reader: createConfigReader({ configFile, environment, registry: builtInRegistry() }),
    watch,
    metrics,
    observer,
    log,
    redis,
    publisher,
    resolveName,
    resolveService,
  });
  const stopReading = metrics.gateway.upstreams(() =>
    live.upstreams
      .filter((upstream) => upstream instanceof ReplicatedUpstream)
      .map((upstream) => ({ upstream: upstream.name, ...upstream.gauges() })),
  );

  function finish(exchange: Exchange, ended: () => void): void {
    const { response, routeName: route, startedAt } = exchange;
    const whole = response.writableFinished || exchange.answeredAs !== undefined;
    if (!whole) exchange.onClientGone?.();
    ended();
    const method = exchange.request.method as string;
    const status =
      exchange.answeredAs ?? (response.headersSent ? response.statusCode : CLIENT_GONE);
    const durationSeconds = (performance.now() - startedAt) / 1000;
    exchange.end(status);
    // An exemplar leads to a trace: to none that is not kept.
    const sampled = tracing === undefined || exchange.span !== undefined;
    const traceId = sampled ? exchange.trace.traceId : undefined;
    metrics.http.observe({ method, route, status, durationSeconds, traceId });
    writeAccessLog(exchange, { status, durationSeconds, whole });
    failures.note(exchange, status);
    if (exchange.span !== undefined) endRequestSpan(exchange, status);
    const { listenerError: error, requestId } = exchange;
    if (error !== undefined) {
      log.error({ error, route, requestId }, 'a filter failed at the end of a request');
    }
  }

  function take(request: IncomingMessage, response: ServerResponse, upgradeHead?: Buffer): void {
    const ended = metrics.http.start();
    const exchange = new Exchange(request, response, trustedProxies);
    exchange.upgradeHead = upgradeHead;
    if (tracing !== undefined) beginRequestSpan(tracing, exchange);
    response.on('close', () => finish(exchange, ended));
    const { span } = exchange;
    if (span === undefined) runExchange(exchange, live.table);
    else tracing?.run(span, () => runExchange(exchange, live.table));
  }

  return {
    handler: (request, response) => take(request, response),
    upgrade: take,
    start: () => live.start(),
    reload: () => live.reload(),
    privateRoutes: createAdminRoutes(live, failures),
    async ready() {
      if (!live.loaded) throw new Error('the configuration is not loaded yet');
    },
    async stop() {
      stopReading();
      await live.stop();
    },
  };
}
