import type { Logger } from '@woodytoys/service';
import { inDirectSession } from './direct-session.ts';
import { runMigrations } from './migrations.ts';
import { type Seed, seedOnce } from './seed.ts';

export interface PrepareOptions {
  /** Past PgBouncer: the lock lives as long as its session. */
  readonly directUrl: string;
  /** SQL files with `-- Up Migration`, run in the order of their names. */
  readonly migrationsDirectory: string | URL;
  readonly seed?: Seed;
  readonly log: Logger;
  /** How long to wait for a server that is still starting; default 30,000. */
  readonly patienceMs?: number;
}

export interface Prepared {
  /** The migrations that ran now. */
  readonly migrations: readonly string[];
  /** Whether the seed data were loaded now. */
  readonly seeded: boolean;
}

/** Any number that nothing else in these databases locks; advisory locks are per database. */
const lockKey = 7_365_219;

/**
 * Brings a database to the state that this version of a service needs: migrations, then seed data,
 * each once. Many replicas may call it at the same time: one works, the others wait for it.
 *
 * @throws when a migration or the seed fails; then nothing of it is left.
 */
export async function prepareDatabase(options: PrepareOptions): Promise<Prepared> {
  const { log, patienceMs = 30_000 } = options;
  return inDirectSession(options.directUrl, { log, patienceMs }, async (client) => {
    // Ends with the session, so also when this process is killed.
    await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
    // A migration that waits long for a table holds up everyone behind it: fail, and start again.
    await client.query("SET lock_timeout = '10s'");
    const migrations = await runMigrations(client, options.migrationsDirectory, log);
    if (migrations.length > 0) log.info({ migrations }, 'migrations done');
    const seeded = options.seed ? await seedOnce(client, options.seed, log) : false;
    return { migrations, seeded };
  });
}
