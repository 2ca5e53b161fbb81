import { createMetricsRegistry } from '@woodytoys/metrics';
import type { MetricsRegistry } from '@woodytoys/metrics';
import {
  ConfigurationError,
  createLogger,
  createPrivateServer,
  listen,
  readConfig,
  runProcess,
} from '@woodytoys/service';
import type {
  App,
  ConfigOf,
  ConfigShape,
  Environment,
  Logger,
  LoggerOptions,
  PrivateRoutes,
  Shutdown,
} from '@woodytoys/service';
import type { Tracing } from '@woodytoys/tracing';
import type { TraceSettings } from './trace-config.ts';
import { openTraces } from './traces.ts';

/** What `runApp` itself needs of a configuration: `processConfig` has all of it. */
export interface ProcessSettings extends TraceSettings {
  readonly VERSION: string;
  readonly REVISION: string;
  readonly HOST: string;
  readonly PRIVATE_PORT: number;
  readonly LOG_LEVEL: NonNullable<LoggerOptions['level']>;
  readonly DRAIN_DELAY_MS: number;
  readonly SHUTDOWN_TIMEOUT_MS: number;
}

/** Longer than the 2 s that nginx and the gateway keep an idle connection to a replica. */
const LINGER_MS = 2_500;

/** A process before its app exists. */
export interface ProcessContext<Config> {
  readonly config: Config;
  readonly log: Logger;
  readonly registry: MetricsRegistry;
  /** Undefined while tracing is off. */
  readonly tracing: Tracing | undefined;
  /** Each part is to be added as soon as it exists; its signal aborts a start that is given up. */
  readonly shutdown: Pick<Shutdown, 'onStop' | 'signal'>;
}

export interface BuiltApp {
  readonly app: App;
  /** What `/readyz` asks; rejects with the reason. */
  ready(): Promise<void>;
  /** What else the private port answers. */
  readonly privateRoutes?: PrivateRoutes;
}

export interface RunAppOptions<Shape extends ConfigShape> {
  /** As in logs and metrics. */
  readonly name: string;
  /** As in traces; `name` unless given. */
  readonly tracedAs?: string;
  readonly config: Shape;
  /** `process.env`, read by main.ts only. */
  readonly env: Environment;
  /** Opens what the app needs, and makes it. */
  readonly build: (context: ProcessContext<ConfigOf<Shape>>) => Promise<BuiltApp>;
  /** Where the app's handler listens; nowhere when it is undefined. */
  readonly publicPort: (config: ConfigOf<Shape>) => number | undefined;
}

/**
 * Runs one process: configuration → logger → metrics → private port (alive, not yet ready) → `build`
 * → `app.start()` → public port → ready. SIGTERM undoes it: not ready → go on accepting for
 * `DRAIN_DELAY_MS` → no new connections, finish requests → `app.stop()` → what `build` has opened → exit 0.
 */
export async function runApp<Shape extends ConfigShape>(
  options: RunAppOptions<Shape>,
): Promise<void> {
  const { name, tracedAs = name } = options;
  const config = configOrExit(options);
  const settings = config as unknown as ProcessSettings;
  const { HOST, PRIVATE_PORT } = settings;
  const log = createLogger({ service: name, level: settings.LOG_LEVEL });

  async function start(shutdown: Shutdown): Promise<void> {
    const registry = createMetricsRegistry({
      version: settings.VERSION,
      revision: settings.REVISION,
    });
    let ready = (): Promise<void> => Promise.reject(new Error('The process is starting.'));
    const privateServer = await createPrivateServer({
      port: PRIVATE_PORT,
      host: HOST,
      registry,
      ready: () => ready(),
    });
    // Last to end, so that probes and scrapes see the whole of a shutdown.
    shutdown.onStop('private port', () => privateServer.close());
    const traces = await openTraces({ settings, version: settings.VERSION, log, registry });
    if (traces !== undefined) shutdown.onStop('traces', () => traces.close());
    const tracing = traces?.service(tracedAs);

    const built = await options.build({ config, log, registry, tracing, shutdown });
    shutdown.signal.throwIfAborted();
    privateServer.addRoutes(built.privateRoutes ?? {});
    shutdown.onStop('app', () => {
      privateServer.setDraining();
      return built.app.stop();
    });
    await built.app.start();
    shutdown.signal.throwIfAborted();

    const port = options.publicPort(config);
    if (built.app.handler && port !== undefined) {
      const lingerMs = Math.min(LINGER_MS, settings.DRAIN_DELAY_MS);
      const { handler, upgrade } = built.app;
      const server = await listen(handler, {
        port,
        host: HOST,
        log,
        lingerMs,
        ...(upgrade && { upgrade }),
        onRefused: registry.service(name).http.refused,
      });
      shutdown.onStop('public port', () => server.close());
      // Only who is sent requests has to wait until others have noticed.
      shutdown.onDrain(() => privateServer.setDraining());
      log.info({ port: server.port, privatePort: privateServer.port }, 'listening');
    }
    ready = built.ready;
    log.info('ready');
  }

  await runProcess({
    log,
    drainDelayMs: settings.DRAIN_DELAY_MS,
    shutdownTimeoutMs: settings.SHUTDOWN_TIMEOUT_MS,
    start,
  });
}

/** A wrong environment ends the process before anything has begun, with every mistake named. */
function configOrExit<Shape extends ConfigShape>(
  options: Pick<RunAppOptions<Shape>, 'name' | 'config' | 'env'>,
): ConfigOf<Shape> {
  try {
    return readConfig(options.config, options.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const log = createLogger({ service: options.name });
    log.fatal({ mistakes: error.mistakes }, error.message);
    process.exit(1);
  }
}
