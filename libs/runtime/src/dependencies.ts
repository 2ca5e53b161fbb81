import type { Cache } from '@woodytoys/caching';
import type { Database } from '@woodytoys/database';
import type { Messaging } from '@woodytoys/messaging';
import type { ServiceMetrics } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import type { Tracing } from '@woodytoys/tracing';

/** What every app may be given; each `createXApp` asks for exactly what it needs of these. */
export interface AppDependencies {
  readonly database: Database;
  readonly cache: Cache;
  readonly messaging: Messaging;
  readonly metrics: ServiceMetrics;
  readonly log: Logger;
  /** Undefined while tracing is off; what is given beside it is traced already. */
  readonly tracing?: Tracing | undefined;
}
