import { createMemoryCache, createNoCache } from '@woodytoys/caching';
import type { Cache } from '@woodytoys/caching';
import { createDatabase, prepareDatabase } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { createInProcessMessaging, traceMessaging } from '@woodytoys/messaging';
import type { Messaging } from '@woodytoys/messaging';
import { createMetricsRegistry } from '@woodytoys/metrics';
import { openTraces } from '@woodytoys/runtime';
import type { TraceSettings } from '@woodytoys/runtime';
import { createPrivateServer, listen } from '@woodytoys/service';
import type { App, Environment, Logger } from '@woodytoys/service';
import type { Tracing } from '@woodytoys/tracing';
import { catalogueCopied } from './catalogue-copy.ts';
import { ensureDatabases } from './databases.ts';
import { startConsole } from './console.ts';
import { startGateway } from './gateway.ts';
import { loopback, portError } from './ports.ts';
import { services } from './services.ts';
import type { DatabaseName, ServiceDefinition, ServiceSettings } from './services.ts';

/** Handlers that run longer are left to the next start: their outbox rows are still there. */
const drainTimeoutMs = 3000;
const maxConnections = 10;

export interface PlatformOptions {
  /** Of the superuser. */
  readonly postgresUrl: string;
  readonly port: number;
  readonly privatePort: number;
  readonly seedScale: number;
  /** False: the services keep nothing that they read. */
  readonly cached: boolean;
  readonly serviceSettings: ServiceSettings;
  readonly traces: TraceSettings;
  readonly environment: Environment;
  readonly createLog: (service: string) => Logger;
  /** Everything that is opened is added here at once; the caller closes it, also half way. */
  readonly resources: AsyncDisposableStack;
}

export interface Platform {
  /** Where the gateway answers. */
  readonly port: number;
  readonly privatePort: number;
}

interface NamedApp {
  readonly name: string;
  readonly log: Logger;
  readonly app: App;
}

/** Every service, the worker and the gateway in this process; resolves when all of it is ready. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { createLog, resources, serviceSettings } = options;
  const registry = createMetricsRegistry();
  resources.defer(() => registry.close());
  const traces = await openTraces({
    settings: options.traces,
    version: 'unknown',
    log: createLog('traces'),
    registry,
  });
  if (traces !== undefined) resources.defer(() => traces.close());
  const platformMetrics = registry.service('standalone');
  const messaging = createInProcessMessaging({
    log: createLog('messaging'),
    metrics: platformMetrics.messages,
    drainTimeoutMs,
  });

  const urls = await ensureDatabases(
    options.postgresUrl,
    services.map(({ name }) => name),
  );
  const stores = new Map<DatabaseName, { database: Database; cache: Cache }>();
  await Promise.all(services.map((service) => prepare(service, urls[service.name], options)));
  for (const { name } of services) {
    const metrics = registry.service(name);
    const log = createLog(name);
    const database = createDatabase({
      connectionString: urls[name],
      service: name,
      maxConnections,
      metrics,
      tracing: traces?.service(name),
      log,
    });
    resources.defer(() => database.close());
    const cache = options.cached
      ? createMemoryCache({ log, metrics: metrics.cache })
      : createNoCache({ metrics: metrics.cache });
    resources.defer(() => cache.close());
    stores.set(name, { database, cache });
  }
  resources.defer(() => messaging.close());

  const apps = services.flatMap(({ name, create, createWorker }) => {
    const store = storeOf(stores, name);
    const make = (as: string, createApp: ServiceDefinition['create']): NamedApp => {
      const log = createLog(as);
      const tracing = traces?.service(as);
      const dependencies = {
        ...store,
        messaging: tracedBroker(messaging, tracing),
        metrics: registry.service(as),
        log,
        tracing,
      };
      return { name: as, log, app: createApp(dependencies, serviceSettings) };
    };
    if (!createWorker) return [make(name, create)];
    return [make(name, create), make(`${name}-worker`, createWorker)];
  });
  resources.defer(async () => {
    await Promise.all(apps.map(({ app }) => app.stop()));
  });
  await Promise.all(apps.map(({ app }) => app.start()));

  const servers = await Promise.all(apps.map((entry) => serve(entry, resources)));

  const databases = [...stores.values()].map(({ database }) => database);
  const privateServer = await createPrivateServer({
    port: options.privatePort,
    host: loopback,
    registry,
    ready: async () => {
      await Promise.all(databases.map((database) => database.ping()));
    },
  }).catch((error: unknown) => {
    throw portError(error, options.privatePort, 'PRIVATE_PORT');
  });
  resources.defer(() => privateServer.close());

  await catalogueCopied(storeOf(stores, 'product').database, storeOf(stores, 'logistics').database);
  let entry = '';
  const console = await startConsole({
    registry,
    privatePort: privateServer.port,
    entry: () => entry,
    log: createLog('console'),
    resources,
  });
  const gateway = await startGateway({
    port: options.port,
    upstreams: { ...Object.fromEntries(servers.flat()), console },
    environment: options.environment,
    metrics: registry.service('gateway'),
    publisher: tracedBroker(messaging, traces?.service('gateway')),
    tracing: traces?.service('gateway'),
    log: createLog('gateway'),
    resources,
  });
  entry = `http://${loopback}:${gateway.port}`;
  privateServer.addRoutes(gateway.privateRoutes);
  return { port: gateway.port, privatePort: privateServer.port };
}

async function prepare(
  { name, migrations, seed }: ServiceDefinition,
  directUrl: string,
  { seedScale, createLog }: PlatformOptions,
): Promise<void> {
  await prepareDatabase({
    directUrl,
    migrationsDirectory: migrations,
    log: createLog(name),
    ...(seed && seedScale > 0 && { seed: { scale: seedScale, load: seed } }),
  });
}

async function serve(
  { name, app, log }: NamedApp,
  resources: AsyncDisposableStack,
): Promise<readonly [name: string, url: string][]> {
  if (!app.handler) return [];
  const server = await listen(app.handler, { port: 0, host: loopback, log });
  resources.defer(() => server.close());
  return [[name, `http://${loopback}:${server.port}`]];
}

/** The one broker as a service sees it, whose spans are its own. */
function tracedBroker(messaging: Messaging, tracing: Tracing | undefined): Messaging {
  return tracing === undefined
    ? messaging
    : traceMessaging(messaging, tracing, { 'messaging.system': 'in_process' });
}

function storeOf<Store>(stores: ReadonlyMap<DatabaseName, Store>, name: DatabaseName): Store {
  const store = stores.get(name);
  if (!store) throw new Error(`There is no database named ${name}.`);
  return store;
}
