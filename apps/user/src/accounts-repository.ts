import type { Queryable, Statement } from '@woodytoys/database';

/** A row of `users`. */
export interface StoredUser {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  readonly createdAt: Date;
}

export interface NewUser {
  readonly username: string;
  readonly email: string;
}

/** Which parts of a new account another account has already. */
export interface Taken {
  readonly username: boolean;
  readonly email: boolean;
}

const columns = 'id, username, email, created_at AS "createdAt"';

const byId: Statement = {
  name: 'user-by-id',
  text: `SELECT ${columns} FROM users WHERE id = $1`,
};

const page: Statement = {
  name: 'user-page',
  text: `SELECT ${columns} FROM users WHERE id > $1 ORDER BY id LIMIT $2`,
};

const insert: Statement = {
  name: 'user-insert',
  text: `INSERT INTO users (username, email) VALUES ($1, $2)
    ON CONFLICT DO NOTHING RETURNING ${columns}`,
};

const taken: Statement = {
  name: 'user-taken',
  text: `SELECT EXISTS (SELECT FROM users WHERE username = $1) AS username,
    EXISTS (SELECT FROM users WHERE lower(email) = lower($2)) AS email`,
};

export async function selectUser(database: Queryable, id: number): Promise<StoredUser | undefined> {
  const [user] = await database.query<StoredUser>(byId, [id]);
  return user;
}

/** At most `limit` users with ids above `after`, in the order of their ids. */
export async function selectUsers(
  database: Queryable,
  { after, limit }: { after: number; limit: number },
): Promise<StoredUser[]> {
  return database.query<StoredUser>(page, [after, limit]);
}

/** `undefined` when the username or the email address is taken; waits for who is about to take it. */
export async function insertUser(
  database: Queryable,
  { username, email }: NewUser,
): Promise<StoredUser | undefined> {
  const [user] = await database.query<StoredUser>(insert, [username, email]);
  return user;
}

export async function selectTaken(
  database: Queryable,
  { username, email }: NewUser,
): Promise<Taken> {
  const [row] = await database.query<Taken>(taken, [username, email]);
  return row ?? { username: false, email: false };
}
