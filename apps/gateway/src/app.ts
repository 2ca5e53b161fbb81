import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { App, Logger } from '@woodytoys/service';
import { buildGateway } from './build.ts';
import type { Environment } from './config/interpolate.ts';
import { loadConfig } from './config/load.ts';
import { configSchema } from './config/schema.ts';
import { createValidator } from './config/validate.ts';
import { createContractStore } from './contracts/store.ts';
import { Exchange } from './exchange.ts';
import type { GatewayMetrics } from './metrics.ts';
import { runExchange } from './pipeline.ts';
import type { SharedRedis } from './plugin.ts';
import { reasonOf } from './problems.ts';
import { builtInRegistry } from './registry.ts';
import { Shared } from './shared.ts';
import { RouteTable } from './table.ts';
import { createResolveName } from './upstreams/discovery.ts';
import type { ResolveName } from './upstreams/discovery.ts';
import type { UpstreamObserver } from './upstreams/upstream-request.ts';
import type { Upstream } from './upstreams/upstream.ts';

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
  /** How many proxies of ours stand between a client and the gateway; 0 unless given. */
  readonly trustedProxies?: number;
  /** What all replicas share: limits, cached answers, keys; each keeps its own unless given. */
  readonly redis?: SharedRedis;
  /** How names are resolved; by DNS unless given. */
  readonly resolveName?: ResolveName;
}

export interface Gateway extends App {
  readonly handler: RequestListener;
  /**
   * Reads the configuration anew and swaps the table; requests under way keep the old one.
   * @throws GatewayConfigError when it has mistakes; then nothing has changed.
   */
  reload(): Promise<void>;
  /** Rejects while there is no table; what `/readyz` asks. An upstream that is down is no reason. */
  ready(): Promise<void>;
}

/** Things of an old table are closed after its last request must have ended. */
const OLD_TABLE_MS = 60_000;
/** How long a start or reload waits for the first look-ups and probes. */
const FIRST_PROBES_MS = 2_000;
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
  trustedProxies = 0,
  redis,
  resolveName = createResolveName(),
}: GatewayDependencies): Gateway {
  const registry = builtInRegistry();
  const validate = createValidator(configSchema(registry));
  const contracts = createContractStore();
  const shared = new Shared();
  const timers = new Set<NodeJS.Timeout>();
  const observer: UpstreamObserver = {
    attempt(upstream, replica, status, durationSeconds) {
      metrics.client.observe({ upstream, replica, status, durationSeconds });
    },
    retry: (upstream, reason) => metrics.gateway.retry(upstream, reason),
  };
  let table = new RouteTable([]);
  let upstreams: readonly Upstream[] = [];
  let loaded = false;

  async function load(): Promise<number> {
    const generation = shared.begin();
    const config = loadConfig(configFile, environment, validate, contracts);
    const built = buildGateway(config, {
      registry,
      shared,
      metrics,
      observer,
      log,
      redis,
      resolveName,
    });
    // A table is not used before its replicas were looked for; one that is down must not hold it up.
    await Promise.race([
      Promise.all(built.upstreams.map((upstream) => upstream.start())),
      new Promise((resolve) => setTimeout(resolve, FIRST_PROBES_MS).unref()),
    ]);
    ({ table, upstreams } = built);
    loaded = true;
    log.info({ routes: table.routes.length, files: config.files }, 'route table in use');
    return generation;
  }

  const stopWatching = metrics.gateway.replicas(() =>
    upstreams.map((upstream) => ({ upstream: upstream.name, ...upstream.count() })),
  );

  function finish(exchange: Exchange, ended: () => void): void {
    const { response, routeName: route, startedAt } = exchange;
    const whole = response.writableFinished;
    if (!whole) exchange.onClientGone?.();
    ended();
    const method = exchange.request.method as string;
    const status = response.headersSent ? response.statusCode : CLIENT_GONE;
    const durationSeconds = (performance.now() - startedAt) / 1000;
    exchange.end(status);
    metrics.http.observe({ method, route, status, durationSeconds });
    writeLog(log, exchange, method, status, durationSeconds, whole);
  }

  return {
    handler(request: IncomingMessage, response: ServerResponse) {
      const ended = metrics.http.start();
      const exchange = new Exchange(request, response, trustedProxies);
      response.once('close', () => finish(exchange, ended));
      runExchange(exchange, table);
    },
    async start() {
      await load();
    },
    async reload() {
      try {
        const generation = await load();
        metrics.gateway.reload('done');
        const timer = setTimeout(() => {
          timers.delete(timer);
          void shared.closeOlder(generation);
        }, OLD_TABLE_MS);
        timer.unref();
        timers.add(timer);
      } catch (error) {
        metrics.gateway.reload('refused');
        throw error;
      }
    },
    async ready() {
      if (!loaded) throw new Error('the configuration is not loaded yet');
    },
    async stop() {
      for (const timer of timers) clearTimeout(timer);
      stopWatching();
      await shared.closeOlder(Infinity);
    },
  };
}

function writeLog(
  log: Logger,
  exchange: Exchange,
  method: string,
  status: number,
  durationSeconds: number,
  whole: boolean,
): void {
  const line = {
    method,
    path: exchange.path,
    route: exchange.routeName,
    status,
    durationMs: Math.round(durationSeconds * 1e6) / 1000,
    requestId: exchange.requestId,
    traceId: exchange.trace.traceId,
    client: exchange.client.address,
    upstream: exchange.upstream,
    replica: exchange.replica,
    attempts: exchange.attempts,
    whole,
  };
  if (status === 500) log.error({ ...line, error: exchange.error }, 'request');
  else if (status > 500) log.warn({ ...line, reason: reasonOf(exchange.error) }, 'request');
  else log.info(line, 'request');
}
