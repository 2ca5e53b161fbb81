import { processConfig } from '@woodytoys/runtime';
import { flag, integer, port, secretUrl, text } from '@woodytoys/service';
import { gatewayConfigFile } from './app.ts';

/** What the gateway's process reads from the environment. */
export const gatewayConfig = {
  ...processConfig,
  PORT: port(8080).describe('Where the gateway answers.'),
  GATEWAY_CONFIG: text(gatewayConfigFile).describe(
    'The YAML file of routes and upstreams; its `${NAME}` are read from the environment too.',
  ),
  GATEWAY_WATCH: flag(true).describe(
    'Whether a change of that file, or of one that it includes, is used at once; SIGHUP always is.',
  ),
  REDIS_URL: secretUrl(['redis', 'rediss'])
    .optional()
    .describe(
      'Where rate limits, cached answers and idempotency keys are kept for all replicas; in each process if unset.',
    ),
  AMQP_URL: secretUrl(['amqp', 'amqps'])
    .optional()
    .describe('The RabbitMQ that routes publish to; those routes answer 503 if unset.'),
  TRUSTED_PROXIES: integer({ min: 0, max: 10, default: 0 }).describe(
    'How many proxies of ours stand before the gateway; so many entries of X-Forwarded-For are believed.',
  ),
};
