import { processConfig, runApp } from '@woodytoys/runtime';
import { integer, port, secretUrl, text } from '@woodytoys/service';
import { createGateway, gatewayConfigFile } from './app.ts';
import { connectRateLimitRedis } from './redis.ts';

const config = {
  ...processConfig,
  PORT: port(8080).describe('Where the gateway answers.'),
  GATEWAY_CONFIG: text(gatewayConfigFile).describe(
    'The YAML file of routes and upstreams; its `${NAME}` are read from the environment too.',
  ),
  REDIS_URL: secretUrl(['redis', 'rediss'])
    .optional()
    .describe('Where rate limits are kept for all replicas; in each process if unset.'),
  TRUSTED_PROXIES: integer({ min: 0, max: 10, default: 0 }).describe(
    'How many proxies of ours stand before the gateway; so many entries of X-Forwarded-For are believed.',
  ),
};

await runApp({
  name: 'gateway',
  env: process.env,
  config,
  publicPort: ({ PORT }) => PORT,
  async build({ config: settings, log, registry, shutdown }) {
    const redis =
      settings.REDIS_URL === undefined ? undefined : connectRateLimitRedis(settings.REDIS_URL, log);
    if (redis !== undefined) shutdown.onStop('redis', () => redis.close());
    const gateway = createGateway({
      configFile: settings.GATEWAY_CONFIG,
      environment: process.env,
      metrics: registry.service('gateway'),
      log,
      trustedProxies: settings.TRUSTED_PROXIES,
      ...(redis && { redis }),
    });
    process.on('SIGHUP', () => {
      // The old table goes on: a reload that is refused is told, and changes nothing.
      gateway.reload().catch((error: Error) => log.error({ error }, 'reload refused'));
    });
    return { app: gateway, ready: () => gateway.ready() };
  },
});
