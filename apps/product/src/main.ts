import { runService } from '@woodytoys/runtime';
import { createProductApp, productMigrations } from './app.ts';
import { seedProducts } from './seed.ts';
import { productConfig } from './settings.ts';

await runService({
  name: 'product',
  env: process.env,
  migrations: productMigrations,
  seed: seedProducts,
  extraConfig: productConfig,
  create: (dependencies, { LAST_MS }) => createProductApp(dependencies, { lastMs: LAST_MS }),
});
