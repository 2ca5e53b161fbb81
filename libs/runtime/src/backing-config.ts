import {
  LOG_LEVELS,
  choice,
  decimal,
  durationMs,
  integer,
  port,
  secretUrl,
  text,
} from '@woodytoys/service';
import { traceConfig } from './trace-config.ts';

/** What every process reads: where it listens, how it logs, how it ends. */
export const processConfig = {
  VERSION: text('unknown').describe('Of the release; the metric `build_info` tells it.'),
  REVISION: text('unknown').describe('The commit it was built from; likewise.'),
  HOST: text('0.0.0.0').describe('The address that the ports are bound to.'),
  PRIVATE_PORT: port(9400).describe(
    'Where `/livez`, `/readyz` and `/metrics` are; never published.',
  ),
  LOG_LEVEL: choice(LOG_LEVELS, 'info').describe('The least level that is logged.'),
  DRAIN_DELAY_MS: durationMs(3000).describe(
    'How long the process goes on accepting after SIGTERM; longer than the discovery interval.',
  ),
  SHUTDOWN_TIMEOUT_MS: durationMs(20_000).describe(
    'After this the process ends with exit code 1; shorter than `stop_grace_period`.',
  ),
  ...traceConfig,
};

/** What a process with the three backing services reads; every URL also as `NAME_FILE`. */
export const backingConfig = {
  ...processConfig,
  PORT: port(3000).describe('Where the service answers; a worker has none.'),
  DATABASE_URL: secretUrl(['postgres', 'postgresql']).describe(
    'PostgreSQL, through PgBouncer where there is one.',
  ),
  DATABASE_DIRECT_URL: secretUrl(['postgres', 'postgresql'])
    .optional()
    .describe(
      'PostgreSQL past PgBouncer, for migrations and advisory locks; `DATABASE_URL` if unset.',
    ),
  DATABASE_POOL_MAX: integer({ min: 1, max: 100, default: 10 }).describe(
    'The most connections this process opens.',
  ),
  REDIS_URL: secretUrl(['redis', 'rediss']).describe('Redis, the second level of the cache.'),
  CACHE: choice(['on', 'off'], 'on').describe(
    'With `off` the service reads from its database each time: for labs that measure the cache.',
  ),
  AMQP_URL: secretUrl(['amqp', 'amqps']).describe('RabbitMQ.'),
  SEED_SCALE: decimal({ min: 0, max: 100, default: 1 }).describe(
    'Multiplies the seed data of an empty database; 0 loads none.',
  ),
};
