import { runService } from '@woodytoys/runtime';
import { createProductApp, productMigrations } from './app.ts';
import { seedProducts } from './seed.ts';

await runService({
  name: 'product',
  env: process.env,
  migrations: productMigrations,
  seed: seedProducts,
  create: createProductApp,
});
