import { fileURLToPath } from 'node:url';
import { GatewayConfigError, createGateway } from '@woodytoys/gateway/app';
import type { Messaging } from '@woodytoys/messaging';
import type { ServiceMetrics } from '@woodytoys/metrics';
import { listen } from '@woodytoys/service';
import type { Environment, Logger, PrivateRoutes } from '@woodytoys/service';
import type { Tracing } from '@woodytoys/tracing';
import { StandaloneError } from './failure.ts';
import { loopback, portError } from './ports.ts';

const configFile = fileURLToPath(import.meta.resolve('@woodytoys/gateway/gateway.yaml'));

export interface GatewayOptions {
  readonly port: number;
  /** Where each service answers, by its name. */
  readonly upstreams: Readonly<Record<string, string>>;
  /** What the configuration's `${NAME}` stand for, beside the upstreams (`RATE_LIMIT`). */
  readonly environment: Environment;
  readonly metrics: ServiceMetrics;
  readonly publisher: Pick<Messaging, 'declare' | 'publish'>;
  readonly log: Logger;
  /** Undefined while tracing is off. */
  readonly tracing: Tracing | undefined;
  readonly resources: AsyncDisposableStack;
}

export interface RunningGateway {
  readonly port: number;
  /** What operators may see of it. */
  readonly privateRoutes: PrivateRoutes;
}

/** The gateway of this process, with the routes that it has everywhere. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { port, upstreams, metrics, publisher, log, tracing, resources } = options;
  const found = Object.entries(upstreams).map(([name, url]) => [
    `${name.replaceAll('-', '_').toUpperCase()}_UPSTREAM`,
    url,
  ]);
  const gateway = createGateway({
    configFile,
    environment: {
      ...options.environment,
      ...Object.fromEntries(found),
      USER_JWKS: `${upstreams['user']}/.well-known/jwks.json`,
    },
    metrics,
    publisher,
    log,
    tracing,
  });
  resources.defer(() => gateway.stop());
  await gateway.start().catch((cause: unknown) => {
    if (!(cause instanceof GatewayConfigError)) throw cause;
    throw new StandaloneError(cause.message, { cause });
  });
  const server = await listen(gateway.handler, {
    port,
    host: loopback,
    log,
    upgrade: gateway.upgrade,
    onRefused: metrics.http.refused,
  }).catch((error: unknown) => {
    throw portError(error, port, 'PORT');
  });
  resources.defer(() => server.close());
  return { port: server.port, privateRoutes: gateway.privateRoutes };
}
