import { startEmbeddedPostgres } from '@woodytoys/database/embedded';
import type { EmbeddedPostgres } from '@woodytoys/database/embedded';
import type { Logger } from '@woodytoys/service';
import type { DataFolder } from './data-folder.ts';

/** The least that four services need: PostgreSQL's share of the 400 MB that `npm start` may use. */
const settings = {
  shared_buffers: '48MB',
  max_connections: 60,
  autovacuum_max_workers: 1,
  max_parallel_workers_per_gather: 0,
};

/** Starts the PostgreSQL of a data folder; the bootstrap is told whom to wait for. */
export async function startPostgres(folder: DataFolder, log: Logger): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ directory: folder.postgres, settings, log });
  process.send?.({ postgresPid: postgres.pid });
  return postgres;
}
