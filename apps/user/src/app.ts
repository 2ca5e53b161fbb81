import { readFileSync } from 'node:fs';
import { createOutboxRelay } from '@woodytoys/database';
import type { OutboxRelay } from '@woodytoys/database';
import type { AppDependencies } from '@woodytoys/runtime';
import { createApi, parseContract } from '@woodytoys/service';
import type { App } from '@woodytoys/service';
import { createAccounts } from './accounts.ts';
import { userTopology } from './events.ts';
import { createLogIn } from './log-in.ts';
import { createSigningKeys } from './signing-keys.ts';
import { createTokenIssuer } from './tokens.ts';

/** The SQL files that make this service's tables. */
export const userMigrations = new URL('../migrations/', import.meta.url);

/** The accounts. */
export function createUserApp({
  database,
  cache,
  messaging,
  metrics,
  log,
  tracing,
}: AppDependencies): App {
  let relay: OutboxRelay | undefined;
  const keys = createSigningKeys(database, Date.now);
  const tokens = createTokenIssuer(keys, Date.now);

  return {
    handler: createApi({
      contract: parseContract(readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')),
      handlers: {
        ...createAccounts({ database, cache, committed: () => relay?.nudge() }),
        ...createLogIn({ database, keys, tokens }),
      },
      service: 'user',
      log,
      http: metrics.http,
      tracing,
    }),
    start: async () => {
      await messaging.declare(userTopology);
      relay = createOutboxRelay({
        database,
        publish: (message) => messaging.publish(message),
        log,
        metrics,
      });
    },
    stop: async () => {
      await relay?.stop();
    },
  };
}
