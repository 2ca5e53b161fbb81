import { readFileSync } from 'node:fs';
import { createContractCheck, startTestService } from '@woodytoys/app-testing';
import type { TestService, World } from '@woodytoys/app-testing';
import { createUserApp, userMigrations } from '../src/app.ts';
import { seedUsers } from '../src/seed.ts';

export const check = createContractCheck(
  readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'),
);

/** A user service of its own, with `scale` times 10,000 users. */
export function startUserService(world: World, scale: number): Promise<TestService> {
  const name = 'user';
  const create = createUserApp;
  return startTestService(
    { name, check, create, migrations: userMigrations, seed: seedUsers },
    world,
    scale,
  );
}
