import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@woodytoys/service';
import pg from 'pg';
import { columnTypes } from './column-types.ts';

/** A server that is still starting refuses connections, or says that it starts up (57P03). */
const comesLater = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ECONNRESET', '57P03']);

/**
 * Runs `work` on a connection of its own, without the role's timeouts: migrations and seed data may
 * take long, and the wait for a lock counts as part of a statement. It waits up to `patienceMs` for
 * the server to be there.
 */
export async function inDirectSession<T>(
  directUrl: string,
  { log, patienceMs }: { readonly log: Logger; readonly patienceMs: number },
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(directUrl, log, patienceMs);
  try {
    await client.query(
      'SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0',
    );
    return await work(client);
  } finally {
    await client.end();
  }
}

async function connect(directUrl: string, log: Logger, patienceMs: number): Promise<pg.Client> {
  const deadline = Date.now() + patienceMs;
  for (let attempt = 1; ; attempt += 1) {
    const client = new pg.Client({
      connectionString: directUrl,
      application_name: 'prepare',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      types: columnTypes,
    });
    // Told by the query that it breaks; without a listener it would end the process.
    client.on('error', (error) => log.debug({ err: error }, 'the direct connection was lost'));
    try {
      await client.connect();
      return client;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (!comesLater.has(code ?? '') || Date.now() > deadline) throw error;
      if (attempt === 1) log.info({ code }, 'waiting for the database');
      await sleep(200);
    }
  }
}
