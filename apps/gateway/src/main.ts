import { connectRabbit } from '@woodytoys/messaging';
import { runApp } from '@woodytoys/runtime';
import { createGateway } from './app.ts';
import { createPublisher } from './connections/publisher.ts';
import { connectRedis } from './connections/redis.ts';
import { traceRedis } from './connections/traced-redis.ts';
import { giveMemoryBack } from './operating/give-back.ts';
import { gatewayConfig } from './settings.ts';

/** Tried anew after it: without a broker the gateway is ready all the same. */
const BROKER_CONNECT_MS = 10_000;

await runApp({
  name: 'gateway',
  env: process.env,
  config: gatewayConfig,
  publicPort: ({ PORT }) => PORT,
  async build({ config: settings, log, registry, tracing, shutdown }) {
    const connected =
      settings.REDIS_URL === undefined ? undefined : connectRedis(settings.REDIS_URL, log);
    if (connected !== undefined) shutdown.onStop('redis', () => connected.close());
    const redis = connected && tracing ? traceRedis(connected, tracing) : connected;
    const metrics = registry.service('gateway');
    const { AMQP_URL: url } = settings;
    const publisher =
      url === undefined
        ? undefined
        : createPublisher(
            () =>
              connectRabbit({
                url,
                service: 'gateway',
                log,
                metrics: metrics.messages,
                tracing,
                connectTimeoutMs: BROKER_CONNECT_MS,
              }),
            log,
          );
    if (publisher !== undefined) shutdown.onStop('broker', () => publisher.close());
    const gateway = createGateway({
      configFile: settings.GATEWAY_CONFIG,
      environment: process.env,
      metrics,
      log,
      tracing,
      trustedProxies: settings.TRUSTED_PROXIES,
      watch: settings.GATEWAY_WATCH,
      ...(redis && { redis }),
      ...(publisher && { publisher }),
    });
    // A reload that is refused was logged, and changes nothing.
    process.on('SIGHUP', () => void gateway.reload().catch(() => undefined));
    const app = {
      ...gateway,
      async start() {
        await gateway.start();
        giveMemoryBack();
      },
    };
    return { app, ready: () => gateway.ready(), privateRoutes: gateway.privateRoutes };
  },
});
