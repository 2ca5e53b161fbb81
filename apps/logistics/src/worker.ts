import { runService } from '@woodytoys/runtime';
import { logisticsMigrations } from './migrations.ts';
import { seedLogistics } from './seed.ts';
import { createLogisticsWorker } from './worker-app.ts';

await runService({
  name: 'logistics-worker',
  env: process.env,
  migrations: logisticsMigrations,
  seed: seedLogistics,
  worker: true,
  create: (dependencies) => createLogisticsWorker(dependencies),
});
