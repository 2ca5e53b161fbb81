import { setRoleTimeouts } from '@woodytoys/database';
import pg from 'pg';

/**
 * Makes the databases that are missing, and gives the superuser, as whom the services connect, the
 * timeouts of a service's role. They hold from the next connection on; migrations lift them.
 *
 * @param url of the superuser.
 * @returns the URL of each.
 */
export async function ensureDatabases<Name extends string>(
  url: string,
  names: readonly Name[],
): Promise<Record<Name, string>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
    const present = new Set(rows.map(({ datname }) => datname));
    for (const name of names.filter((wanted) => !present.has(wanted))) {
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
    }
    await setRoleTimeouts(client, new URL(url).username);
  } finally {
    await client.end();
  }
  const urls = names.map((name) => [name, databaseUrl(url, name)] as const);
  return Object.fromEntries(urls) as Record<Name, string>;
}

function databaseUrl(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** Every database that was made here, with its size in bytes. */
export async function databaseSizes(url: string): Promise<Record<string, number>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; bytes: string }>(
      `SELECT datname AS name, pg_database_size(oid) AS bytes FROM pg_database
       WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY datname`,
    );
    return Object.fromEntries(rows.map(({ name, bytes }) => [name, Number(bytes)]));
  } finally {
    await client.end();
  }
}
