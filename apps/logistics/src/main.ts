import { runService } from '@woodytoys/runtime';
import { createLogisticsApp } from './app.ts';
import { logisticsMigrations } from './migrations.ts';
import { seedLogistics } from './seed.ts';

await runService({
  name: 'logistics',
  env: process.env,
  migrations: logisticsMigrations,
  seed: seedLogistics,
  create: (dependencies) => createLogisticsApp(dependencies),
});
