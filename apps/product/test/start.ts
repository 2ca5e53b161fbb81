import { readFileSync } from 'node:fs';
import { createContractCheck, startTestService } from '@woodytoys/app-testing';
import type { TestService, World } from '@woodytoys/app-testing';
import type { AppDependencies } from '@woodytoys/runtime';
import { createProductApp, productMigrations } from '../src/app.ts';
import type { ProductOptions } from '../src/app.ts';
import { seedProducts } from '../src/seed.ts';

export const check = createContractCheck(
  readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'),
);

/** A product service of its own, with `scale` times 1,000 products. */
export function startProductService(
  world: World,
  scale: number,
  options?: ProductOptions,
): Promise<TestService> {
  const name = 'product';
  const create = (dependencies: AppDependencies) => createProductApp(dependencies, options);
  return startTestService(
    { name, check, create, migrations: productMigrations, seed: seedProducts },
    world,
    scale,
  );
}
