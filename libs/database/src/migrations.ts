import { fileURLToPath } from 'node:url';
import type { Logger } from '@woodytoys/service';
import { runner } from 'node-pg-migrate';
import type pg from 'pg';

/**
 * Runs the SQL files of a folder that have not run yet, in the order of their names, all in one
 * transaction. The caller holds a lock.
 *
 * @returns their names.
 */
export async function runMigrations(
  client: pg.Client,
  directory: string | URL,
  log: Logger,
): Promise<readonly string[]> {
  const path = directory instanceof URL ? fileURLToPath(directory) : directory;
  const done = await runner({
    dbClient: client,
    dir: path.replace(/\/$/, ''),
    // Files such as README.md beside the migrations are none.
    ignorePattern: '(\\..*|.*\\.md)',
    direction: 'up',
    migrationsTable: 'migrations',
    singleTransaction: true,
    // Its own lock fails instead of waiting, and would end before the seed data.
    noLock: true,
    logger: {
      debug: (message) => log.debug(message),
      info: (message) => log.debug(message),
      warn: (message) => log.warn(message),
      error: (message) => log.error(message),
    },
  });
  return done.map(({ name }) => name);
}
