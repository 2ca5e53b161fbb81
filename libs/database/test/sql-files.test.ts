import { readFile, readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);

/** Migrations of services that make one of this library's tables. */
async function copies(table: string): Promise<URL[]> {
  const apps = await readdir(new URL('apps/', root));
  const files = apps.map(async (app) => {
    const folder = new URL(`apps/${app}/migrations/`, root);
    const names = await readdir(folder).catch(() => []);
    return names
      .filter((name) => name.endsWith(`_${table}.sql`))
      .map((name) => new URL(name, folder));
  });
  return (await Promise.all(files)).flat();
}

it.each(['outbox', 'inbox'])('is copied unchanged by the services: %s', async (table) => {
  const original = await readFile(new URL(`libs/database/sql/${table}.sql`, root), 'utf8');
  const found = await copies(table);
  expect(found.length).toBeGreaterThan(0);
  for (const file of found) expect(await readFile(file, 'utf8'), file.pathname).toBe(original);
});
