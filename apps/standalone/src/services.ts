import { createLogisticsApp } from '@woodytoys/logistics/app';
import { logisticsMigrations } from '@woodytoys/logistics/migrations';
import { seedLogistics } from '@woodytoys/logistics/seed';
import { createLogisticsWorker } from '@woodytoys/logistics/worker-app';
import { createOrderApp, orderMigrations } from '@woodytoys/order/app';
import { createOrderWorker } from '@woodytoys/order/worker-app';
import { createProductApp, productMigrations } from '@woodytoys/product/app';
import { seedProducts } from '@woodytoys/product/seed';
import { createUserApp, userMigrations } from '@woodytoys/user/app';
import { seedUsers } from '@woodytoys/user/seed';
import type { SeedClient } from '@woodytoys/database';
import type { AppDependencies } from '@woodytoys/runtime';
import type { App } from '@woodytoys/service';

/** A service that has a database; the same name stands in logs, metrics and URLs. */
export interface ServiceDefinition {
  readonly name: DatabaseName;
  readonly migrations: URL;
  /** None unless given. */
  readonly seed?: (client: SeedClient, scale: number) => Promise<void>;
  readonly create: (dependencies: AppDependencies, settings: ServiceSettings) => App;
  /** What is a process of its own elsewhere; it shares the service's database and cache. */
  readonly createWorker?: (dependencies: AppDependencies, settings: ServiceSettings) => App;
}

/** What services read from the environment where they are processes of their own; in milliseconds. */
export interface ServiceSettings {
  readonly reportRetentionDays: number;
  readonly heavyMs: number;
  readonly validationMs: number;
  readonly lastMs: number;
}

export type DatabaseName = 'user' | 'product' | 'logistics' | 'order';

/** Every service behind the gateway. */
export const services: readonly ServiceDefinition[] = [
  { name: 'user', migrations: userMigrations, seed: seedUsers, create: createUserApp },
  {
    name: 'product',
    migrations: productMigrations,
    seed: seedProducts,
    create: (dependencies, { lastMs }) => createProductApp(dependencies, { lastMs }),
  },
  {
    name: 'logistics',
    migrations: logisticsMigrations,
    seed: seedLogistics,
    create: (dependencies) => createLogisticsApp(dependencies),
    createWorker: (dependencies, { reportRetentionDays }) =>
      createLogisticsWorker(dependencies, { reportRetentionDays }),
  },
  {
    name: 'order',
    migrations: orderMigrations,
    create: (dependencies, { heavyMs }) => createOrderApp(dependencies, { heavyMs }),
    createWorker: (dependencies, { validationMs }) =>
      createOrderWorker(dependencies, { validationMs }),
  },
];
