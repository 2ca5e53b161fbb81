import { runService } from '@woodytoys/runtime';
import { createUserApp, userMigrations } from './app.ts';
import { seedUsers } from './seed.ts';

await runService({
  name: 'user',
  env: process.env,
  migrations: userMigrations,
  seed: seedUsers,
  create: createUserApp,
});
