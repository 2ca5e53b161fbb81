import { readFile } from 'node:fs/promises';
import { type TestLogger, createTestDatabase, createTestLogger } from '@woodytoys/testing';
import pg from 'pg';
import { type DatabaseOptions, createDatabase } from '../src/index.ts';
import type { Database } from '../src/index.ts';

export interface Sandbox {
  readonly url: string;
  readonly database: Database;
  readonly log: TestLogger;
  /** Another pool on the same database; closed with the sandbox. */
  another(options?: Partial<DatabaseOptions>): Database;
  close(): Promise<void>;
}

/** A database of its own with the outbox, the inbox and a table `t (id, value)`. */
export async function createSandbox(): Promise<Sandbox> {
  const { url, drop } = await createTestDatabase();
  await execute(url, await upOf('outbox'), await upOf('inbox'));
  await execute(url, 'CREATE TABLE t (id integer PRIMARY KEY, value integer NOT NULL)');
  const log = createTestLogger();
  const opened: Database[] = [];
  const another = (options: Partial<DatabaseOptions> = {}) => {
    const database = createDatabase({ connectionString: url, service: 'test', log, ...options });
    opened.push(database);
    return database;
  };
  return {
    url,
    log,
    another,
    database: another(),
    async close() {
      await Promise.all(opened.map((database) => database.close()));
      await drop();
    },
  };
}

/** The part of a file in `sql/` that makes its table. */
export async function upOf(name: 'outbox' | 'inbox'): Promise<string> {
  const text = await readFile(new URL(`../sql/${name}.sql`, import.meta.url), 'utf8');
  return text.split('-- Down Migration')[0] ?? '';
}

export async function execute(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

export function errorOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return promise.then(
    () => {
      throw new Error('It was expected to reject.');
    },
    (error: Error & Record<string, unknown>) => error,
  );
}
