import { runApp } from '@woodytoys/runtime';
import { createConsoleApp, parseDiscover, readPage } from './app.ts';
import { consoleConfig } from './settings.ts';

await runApp({
  name: 'console',
  env: process.env,
  config: consoleConfig,
  publicPort: ({ PORT }) => PORT,
  async build({ config, log, registry }) {
    // An image without its page must not start.
    const page = await readPage(config.PAGE_FOLDER);
    const app = createConsoleApp({
      metrics: registry.service('console'),
      log,
      source: { prometheus: new URL(config.PROMETHEUS_URL).origin },
      gateways: parseDiscover(config.GATEWAY_PRIVATE),
      entry: () => new URL(config.ENTRY_URL).origin,
      surroundings: {
        entry: config.ENTRY_NAME,
        stores: { database: 'postgres', cache: 'redis', broker: 'rabbitmq' },
      },
      trafficLimitMs: config.TRAFFIC_LIMIT,
      page: async () => page,
    });
    // It tells of what is down, so it is ready when nothing else is.
    return { app, ready: async () => undefined };
  },
});
