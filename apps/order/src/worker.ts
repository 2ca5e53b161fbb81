import { runService } from '@woodytoys/runtime';
import { orderMigrations } from './migrations.ts';
import { workerConfig } from './settings.ts';
import { createOrderWorker } from './worker-app.ts';

await runService({
  // The same name as the serving process: what goes by the name is shared.
  name: 'order',
  env: process.env,
  migrations: orderMigrations,
  worker: true,
  extraConfig: workerConfig,
  create: (dependencies, { VALIDATION_MS }) =>
    createOrderWorker(dependencies, { validationMs: VALIDATION_MS }),
});
