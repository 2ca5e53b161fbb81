import { processConfig } from '@woodytoys/runtime';
import { durationMs, port, text, url } from '@woodytoys/service';
import { pageFolder } from './app.ts';

/** What the console's process reads from the environment. */
export const consoleConfig = {
  ...processConfig,
  PORT: port(3000).describe('Where the console answers.'),
  PROMETHEUS_URL: url('http://prometheus:9090', ['http']).describe(
    'The Prometheus whose numbers the page shows.',
  ),
  GATEWAY_PRIVATE: text('dns://gateway:9400').describe(
    'The private ports of the gateway: `dns://name:port`, whose every address is a replica, or `http://host:port`, several separated by commas.',
  ),
  ENTRY_URL: url('http://nginx:8080', ['http']).describe(
    'The entry of the platform, where jobs and demonstration traffic go.',
  ),
  ENTRY_NAME: text('nginx').describe('What the page calls the entry.'),
  PAGE_FOLDER: text(pageFolder).describe('Where the built page is.'),
  TRAFFIC_LIMIT: durationMs(900_000).describe('After this, demonstration traffic stops by itself.'),
};
