import { runService } from '@woodytoys/runtime';
import { createOrderApp, orderMigrations } from './app.ts';
import { orderConfig } from './settings.ts';

await runService({
  name: 'order',
  env: process.env,
  migrations: orderMigrations,
  extraConfig: orderConfig,
  create: (dependencies, { HEAVY_MS }) => createOrderApp(dependencies, { heavyMs: HEAVY_MS }),
});
