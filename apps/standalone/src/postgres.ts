import { startEmbeddedPostgres } from '@woodytoys/database/embedded';
import type { EmbeddedPostgres } from '@woodytoys/database/embedded';
import type { Logger } from '@woodytoys/service';

/** The least that four services need: PostgreSQL's share of the 400 MB that `npm start` may use. */
const settings = {
  shared_buffers: '48MB',
  max_connections: 60,
  autovacuum_max_workers: 1,
  max_parallel_workers_per_gather: 0,
};

/** Starts the PostgreSQL of a folder; the bootstrap is told whom to wait for. */
export async function startPostgres(directory: string, log: Logger): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ directory, settings, log });
  process.send?.({ postgresPid: postgres.pid });
  return postgres;
}
