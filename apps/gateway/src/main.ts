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
      watch: settings.GATEWAY_WATCH,
      ...(redis && { redis }),
    });
    // A reload that is refused was logged, and changes nothing.
    process.on('SIGHUP', () => void gateway.reload().catch(() => undefined));
    return { app: gateway, ready: () => gateway.ready() };
  },
});
