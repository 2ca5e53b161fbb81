import { runService } from '@woodytoys/runtime';
import { logisticsMigrations } from './migrations.ts';
import { seedLogistics } from './seed.ts';
import { workerConfig } from './settings.ts';
import { createLogisticsWorker } from './worker-app.ts';

await runService({
  // The same name as the serving process: what goes by the name, the cache above all, is shared.
  name: 'logistics',
  env: process.env,
  migrations: logisticsMigrations,
  seed: seedLogistics,
  worker: true,
  extraConfig: workerConfig,
  create: (dependencies, { REPORT_RETENTION_DAYS }) =>
    createLogisticsWorker(dependencies, { reportRetentionDays: REPORT_RETENTION_DAYS }),
});
