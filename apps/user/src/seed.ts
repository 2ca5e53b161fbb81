import { createHash } from 'node:crypto';
import { copyRows } from '@woodytoys/database';
import type { SeedClient } from '@woodytoys/database';
import { hashPassword } from './passwords.ts';

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

/** Whom the original systems' clients log in as: the one account of the seed with a password. */
const BOB = { username: 'Bob', email: 'bob@example.com', password: 'password' } as const;

/** Loads 10,000 × `scale` users into an empty table, and Bob after them. */
export async function seedUsers(client: SeedClient, scale: number): Promise<void> {
  const count = Math.max(1, Math.round(10_000 * scale));
  await copyRows(client, 'users (id, username, email, created_at)', rows(count));
  await client.query("SELECT setval(pg_get_serial_sequence('users', 'id'), $1)", [count]);
  await addBob(client, count + 1);
  await client.query('ANALYZE users');
}

async function addBob(client: SeedClient, id: number): Promise<void> {
  const { username, email, password } = BOB;
  // The seed is the same everywhere, and so is this salt.
  const salt = createHash('sha256').update(username).digest().subarray(0, 16);
  await client.query('INSERT INTO users (username, email, created_at) VALUES ($1, $2, $3)', [
    username,
    email,
    new Date(epochMs + id * 1000).toISOString(),
  ]);
  await client.query('INSERT INTO credentials (user_id, password_hash) VALUES ($1, $2)', [
    id,
    await hashPassword(password, salt),
  ]);
}

function* rows(count: number): Iterable<readonly unknown[]> {
  for (let id = 1; id <= count; id += 1) {
    const { username, email, createdAt } = seedUser(id);
    yield [id, username, email, createdAt];
  }
}
