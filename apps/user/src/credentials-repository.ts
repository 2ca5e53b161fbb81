import type { Queryable, Statement } from '@woodytoys/database';

export interface Credentials {
  readonly userId: number;
  readonly username: string;
  /** A PHC string. */
  readonly passwordHash: string;
}

const byUsername: Statement = {
  name: 'credentials-by-username',
  text: `SELECT id AS "userId", username, password_hash AS "passwordHash"
    FROM users JOIN credentials ON user_id = id WHERE username = $1`,
};

const insert: Statement = {
  name: 'credentials-insert',
  text: 'INSERT INTO credentials (user_id, password_hash) VALUES ($1, $2)',
};

/** Undefined when there is no such account, or it has no password. */
export async function selectCredentials(
  database: Queryable,
  username: string,
): Promise<Credentials | undefined> {
  const [credentials] = await database.query<Credentials>(byUsername, [username]);
  return credentials;
}

export async function insertCredentials(
  database: Queryable,
  userId: number,
  passwordHash: string,
): Promise<void> {
  await database.query(insert, [userId, passwordHash]);
}
