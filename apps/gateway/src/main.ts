import { runApp } from '@woodytoys/runtime';
import { createGateway } from './app.ts';
import { connectRedis } from './redis.ts';
import { gatewayConfig } from './settings.ts';

await runApp({
  name: 'gateway',
  env: process.env,
  config: gatewayConfig,
  publicPort: ({ PORT }) => PORT,
  async build({ config: settings, log, registry, shutdown }) {
    const redis =
      settings.REDIS_URL === undefined ? undefined : connectRedis(settings.REDIS_URL, log);
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
