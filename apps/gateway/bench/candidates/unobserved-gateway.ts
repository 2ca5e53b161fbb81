/** The gateway's own parts, told to measure nothing and to log no request. */
import { createLogger, listen } from '@woodytoys/service';
import { createGateway } from '../../src/app.ts';
import type { GatewayMetrics } from '../../src/metrics.ts';

const nothing = () => {};
const nothingTwice = () => nothing;

const metrics: GatewayMetrics = {
  http: { expect: nothing, start: nothingTwice, observe: nothing, refused: nothing },
  client: { observe: nothing },
  cache: { hit: nothing, miss: nothing, stale: nothing, load: nothing, error: nothing },
  gateway: {
    retry: nothing,
    rateLimit: nothing,
    decision: nothingTwice,
    streamOpened: nothingTwice,
    drift: nothing,
    deadlineBurn: nothingTwice,
    bulkhead: nothingTwice,
    reload: nothing,
    refusal: nothing,
    breakerTransition: nothing,
    ejection: nothing,
    mirrored: nothing,
    upstreams: nothingTwice,
  },
};

const { GATEWAY_CONFIG: configFile = '', HOST: host = '127.0.0.1', PORT: port } = process.env;
const log = createLogger({ service: 'gateway', level: 'warn' });
const gateway = createGateway({ configFile, environment: process.env, metrics, log });
await gateway.start();
const server = await listen(gateway.handler, { port: Number(port), host, log });
process.once('SIGTERM', async () => {
  await server.close();
  await gateway.stop();
});
