import type { Logger } from '@woodytoys/service';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { SeedClient } from './types.ts';

export interface Seed {
  /** Multiplies the amount of data; 0 loads none, then or later. */
  readonly scale: number;
  /** Loads the data; it runs in a transaction. */
  load(client: SeedClient, scale: number): Promise<void>;
}

/**
 * Loads the seed data the first time, and notes that in the same transaction, so that a start that is
 * killed in the middle leaves nothing. The caller holds a lock.
 *
 * @returns whether it loaded them now.
 */
export async function seedOnce(client: pg.Client, seed: Seed, log: Logger): Promise<boolean> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS seed_loaded (
       only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
       scale double precision NOT NULL,
       loaded_at timestamptz NOT NULL DEFAULT now()
     )`,
  );
  const { rows } = await client.query<{ scale: number }>('SELECT scale FROM seed_loaded');
  const [loaded] = rows;
  if (loaded) {
    if (loaded.scale !== seed.scale) {
      log.warn(
        { loaded: loaded.scale, asked: seed.scale },
        'the seed data were loaded at another scale and stay as they are; begin with an empty database to change that',
      );
    }
    return false;
  }

  const startedAt = performance.now();
  await client.query('BEGIN');
  try {
    if (seed.scale > 0) await seed.load(seedClient(client), seed.scale);
    await client.query('INSERT INTO seed_loaded (scale) VALUES ($1)', [seed.scale]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
  log.info(
    { scale: seed.scale, durationMs: Math.round(performance.now() - startedAt) },
    'seed data loaded',
  );
  return true;
}

function seedClient(client: pg.Client): SeedClient {
  return {
    async query<Row extends object>(
      ...[statement, values]: Parameters<SeedClient['query']>
    ): Promise<Row[]> {
      const text = typeof statement === 'string' ? { text: statement } : statement;
      const { rows } = await client.query(values ? { ...text, values: [...values] } : text);
      return rows as Row[];
    },
    copyFrom: (text) => client.query(copyFrom(text)),
  };
}
