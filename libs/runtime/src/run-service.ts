import { createNoCache, createRedisCache } from '@woodytoys/caching';
import { createDatabase, prepareDatabase } from '@woodytoys/database';
import type { SeedClient } from '@woodytoys/database';
import { connectRabbit } from '@woodytoys/messaging';
import type { App, ConfigOf, ConfigShape, Environment } from '@woodytoys/service';
import { backingConfig } from './backing-config.ts';
import type { AppDependencies } from './dependencies.ts';
import { runApp } from './run-app.ts';
import type { BuiltApp, ProcessContext } from './run-app.ts';

export interface RunServiceOptions<Extra extends ConfigShape = Record<never, never>> {
  /** As in logs, metrics and the names of connections. */
  readonly name: string;
  /** `process.env`, read by main.ts only. */
  readonly env: Environment;
  /** The folder with the migrations. */
  readonly migrations: URL;
  /** Loads the seed data into an empty database, `scale` times the usual amount. */
  readonly seed?: (client: SeedClient, scale: number) => Promise<void>;
  /** Variables of this service beside `backingConfig`. */
  readonly extraConfig?: Extra;
  /** True for a process that only consumes: it has no public port, and is not ready without the broker. */
  readonly worker?: boolean;
  readonly create: (
    dependencies: AppDependencies,
    config: ConfigOf<typeof backingConfig & Extra>,
  ) => App;
}

/**
 * Runs a service or worker with its database, cache and broker; see `runApp` for the order.
 *
 * `/readyz` never asks the cache: reads go on without it. It asks the broker in workers only: a
 * serving process saves what it has to say in its outbox, so a broker that is away must not take
 * every replica out of service at once.
 */
export async function runService<Extra extends ConfigShape = Record<never, never>>(
  options: RunServiceOptions<Extra>,
): Promise<void> {
  const { name, env, worker = false } = options;
  const config = { ...backingConfig, ...options.extraConfig } as typeof backingConfig & Extra;
  await runApp({
    name,
    // What works and what answers are told apart, although they share a name.
    tracedAs: worker ? `${name}-worker` : name,
    env,
    config,
    publicPort: ({ PORT }) => (worker ? undefined : (PORT as number)),
    build: (context) => build(options, context as ServiceContext<Extra>),
  });
}

type ServiceContext<Extra extends ConfigShape> = ProcessContext<
  ConfigOf<typeof backingConfig & Extra>
>;

async function build<Extra extends ConfigShape>(
  { name, migrations, seed, worker = false, create }: RunServiceOptions<Extra>,
  { config, log, registry, tracing, shutdown }: ServiceContext<Extra>,
): Promise<BuiltApp> {
  const settings = config as ConfigOf<typeof backingConfig>;
  const metrics = registry.service(name);
  await prepareDatabase({
    directUrl: settings.DATABASE_DIRECT_URL ?? settings.DATABASE_URL,
    migrationsDirectory: migrations,
    log,
    ...(seed && settings.SEED_SCALE > 0 && { seed: { scale: settings.SEED_SCALE, load: seed } }),
  });
  shutdown.signal.throwIfAborted();

  const database = createDatabase({
    connectionString: settings.DATABASE_URL,
    service: name,
    maxConnections: settings.DATABASE_POOL_MAX,
    metrics,
    tracing,
    log,
  });
  shutdown.onStop('database', () => database.close());
  const cache =
    settings.CACHE === 'off'
      ? createNoCache({ metrics: metrics.cache })
      : createRedisCache({
          url: settings.REDIS_URL,
          service: name,
          log,
          metrics: metrics.cache,
          tracing,
        });
  shutdown.onStop('cache', () => cache.close());
  const messaging = await connectRabbit({
    url: settings.AMQP_URL,
    service: name,
    log,
    metrics: metrics.messages,
    tracing,
  });
  shutdown.onStop('broker', () => messaging.close());

  const dependencies: AppDependencies = { database, cache, messaging, metrics, log, tracing };
  return {
    app: create(dependencies, config),
    ready: async () => {
      await Promise.all([database.ping(), worker ? messaging.ping() : undefined]);
    },
  };
}
