import { copyRows } from '@woodytoys/database';
import type { SeedClient } from '@woodytoys/database';

/** The seed's clock; nothing in it depends on the day on which it is loaded. */
const epochMs = Date.UTC(2025, 0, 1);

export interface SeedUser {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  readonly createdAt: string;
}

/** The user with this id; the same on every machine and day. */
export function seedUser(id: number): SeedUser {
  return {
    id,
    username: `user_${id}`,
    email: `user_${id}@example.com`,
    createdAt: new Date(epochMs + id * 1000).toISOString(),
  };
}

/** Loads 10,000 × `scale` users into an empty table. */
export async function seedUsers(client: SeedClient, scale: number): Promise<void> {
  const count = Math.max(1, Math.round(10_000 * scale));
  await copyRows(client, 'users (id, username, email, created_at)', rows(count));
  await client.query("SELECT setval(pg_get_serial_sequence('users', 'id'), $1)", [count]);
  await client.query('ANALYZE users');
}

function* rows(count: number): Iterable<readonly unknown[]> {
  for (let id = 1; id <= count; id += 1) {
    const { username, email, createdAt } = seedUser(id);
    yield [id, username, email, createdAt];
  }
}
