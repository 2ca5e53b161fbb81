/**
 * Woodytoys as it was: `DATABASE_URL=postgres://… PORT=5000 node loadtests/originals/woodytoys-monolith.ts`.
 * The delays are the original's unless the variables that the services have too say otherwise.
 */
import { durationMs, secretUrl } from '@woodytoys/service';
import { serveOriginal } from './serve.ts';
import { createWoodytoysMonolith } from './woodytoys/app.ts';
import { createConnections } from './woodytoys/connections.ts';
import { prepareTables } from './woodytoys/tables.ts';

await serveOriginal({
  name: 'woodytoys-monolith',
  environment: process.env,
  config: {
    DATABASE_URL: secretUrl(['postgres', 'postgresql']).describe('Its own database.'),
    HEAVY_MS: durationMs(5_000).describe('How long the heavy computation takes.'),
    VALIDATION_MS: durationMs(5_000).describe('How long the validation of an order takes.'),
    LAST_MS: durationMs(15_000).describe('How long the query of the last product takes.'),
  },
  create: async ({ DATABASE_URL, HEAVY_MS, VALIDATION_MS, LAST_MS }) => {
    const withConnection = createConnections(DATABASE_URL);
    await withConnection(prepareTables);
    return createWoodytoysMonolith({
      withConnection,
      heavyMs: HEAVY_MS,
      validationMs: VALIDATION_MS,
      lastMs: LAST_MS,
    });
  },
});
