import { createRedisCache } from '@woodytoys/caching';
import { createDatabase, prepareDatabase } from '@woodytoys/database';
import type { SeedClient } from '@woodytoys/database';
import { connectRabbit } from '@woodytoys/messaging';
import type { App } from '@woodytoys/service';
import type { z } from 'zod';
import { backingConfig } from './backing-config.ts';
import type { AppDependencies } from './dependencies.ts';
import { runProcess } from './run-process.ts';

export interface RunServiceOptions<Extra extends z.ZodRawShape> {
  /** As in logs, metrics and the names of connections. */
  readonly name: string;
  /** `process.env`, read by main.ts only. */
  readonly env: NodeJS.ProcessEnv;
  /** The folder with the migrations. */
  readonly migrations: URL;
  /** Loads the seed data into an empty database, `scale` times the usual amount. */
  readonly seed?: (client: SeedClient, scale: number) => Promise<void>;
  /** Variables of this service beside `backingConfig`. */
  readonly extraConfig?: Extra;
  /** True for a process that only consumes: it has no public port, and needs the broker to be ready. */
  readonly worker?: boolean;
  readonly create: (dependencies: AppDependencies, config: z.output<z.ZodObject<Extra>>) => App;
}
