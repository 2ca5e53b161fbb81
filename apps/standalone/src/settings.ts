import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  ConfigurationError,
  LOG_LEVELS,
  choice,
  decimal,
  port,
  readConfig,
  text,
} from '@woodytoys/service';
import { workerConfig } from '@woodytoys/logistics/settings';
import { orderConfig, workerConfig as orderWorkerConfig } from '@woodytoys/order/settings';
import { productConfig } from '@woodytoys/product/settings';
import { traceConfig } from '@woodytoys/runtime';
import type { TraceSettings } from '@woodytoys/runtime';
import { StandaloneError } from './failure.ts';
import type { ServiceSettings } from './services.ts';

/** What `npm start` reads from the environment. */
export const standaloneConfig = {
  PORT: port(8080).describe('Where the gateway answers, on 127.0.0.1.'),
  PRIVATE_PORT: port(9400).describe('Where `/livez`, `/readyz` and `/metrics` are.'),
  SEED_SCALE: decimal({ min: 0, max: 100, default: 1 }).describe(
    'Multiplies the seed data of the first start; 0 loads none.',
  ),
  LOG_LEVEL: choice(LOG_LEVELS, 'info').describe(
    'The least level that is written to the log file.',
  ),
  CACHE: choice(['on', 'off'], 'on').describe(
    'With `off` the services read from their databases each time: for labs that measure the cache.',
  ),
  ...workerConfig,
  ...orderConfig,
  ...orderWorkerConfig,
  ...productConfig,
  ...traceConfig,
  WOODYTOYS_DATA: text('.data').describe('The folder of the data, seen from the workspace.'),
};

export interface Settings {
  readonly port: number;
  readonly privatePort: number;
  readonly seedScale: number;
  /** False: the services keep nothing that they read. */
  readonly cached: boolean;
  readonly serviceSettings: ServiceSettings;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Absolute. */
  readonly directory: string;
  readonly traces: TraceSettings;
  readonly fresh: boolean;
  readonly watch: boolean;
}

export const usage = `npm start [-- --fresh]   the whole platform on http://localhost:8080, without Docker
npm run dev              the same; restarts when a file in apps/ or libs/ changes

  --fresh   deletes the data of earlier runs first
  --watch   what npm run dev gives
  --help    prints this

Environment: PORT (8080), PRIVATE_PORT (9400), SEED_SCALE (1; first start only), LOG_LEVEL (info),
REPORT_RETENTION_DAYS (30), CACHE (on), HEAVY_MS, VALIDATION_MS, LAST_MS (0s: the labs' delays),
WOODYTOYS_DATA (.data), OTEL_EXPORTER_OTLP_ENDPOINT (none: no traces).
The data: npm run data:reset | data:backup -- FILE | data:restore -- FILE
`;

/**
 * Reads the command line and the environment; `undefined` when help was asked for.
 *
 * @throws StandaloneError with exit code 2 naming what is wrong.
 */
export function readSettings(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  workspace: string,
): Settings | undefined {
  const flags = readFlags(args);
  if (flags.help) return undefined;
  // `npm start --fresh` never reaches the program: npm takes the flag for one of its own.
  if (env['npm_config_fresh'] === 'true' && !flags.fresh) {
    throw new StandaloneError('To begin anew, write: npm start -- --fresh', { exitCode: 2 });
  }
  const config = readEnvironment(env);
  return {
    port: config.PORT,
    privatePort: config.PRIVATE_PORT,
    seedScale: config.SEED_SCALE,
    cached: config.CACHE === 'on',
    serviceSettings: {
      reportRetentionDays: config.REPORT_RETENTION_DAYS,
      heavyMs: config.HEAVY_MS,
      validationMs: config.VALIDATION_MS,
      lastMs: config.LAST_MS,
    },
    logLevel: config.LOG_LEVEL,
    directory: resolve(workspace, config.WOODYTOYS_DATA),
    traces: config,
    fresh: flags.fresh,
    watch: flags.watch,
  };
}

/** Where the data are, as an absolute path. */
export function dataDirectory(env: NodeJS.ProcessEnv, workspace: string): string {
  return resolve(workspace, readEnvironment(env).WOODYTOYS_DATA);
}

function readFlags(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        fresh: { type: 'boolean', default: false },
        watch: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (cause) {
    const message = cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : String(cause);
    throw new StandaloneError(`${message}. Known are --fresh, --watch and --help.`, {
      exitCode: 2,
      cause,
    });
  }
}

function readEnvironment(env: NodeJS.ProcessEnv) {
  try {
    return readConfig(standaloneConfig, env);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    const mistakes = cause.mistakes.map(({ variable, message }) => `${variable}: ${message}`);
    throw new StandaloneError(`${mistakes.join('; ')}.`, { exitCode: 2, cause });
  }
}
