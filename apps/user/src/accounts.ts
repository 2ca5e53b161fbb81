import type { Cache } from '@woodytoys/caching';
import { enqueue } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { decodeCursor, pageOf, problem } from '@woodytoys/service';
import type { Handlers } from '@woodytoys/service';
import { insertCredentials } from './credentials-repository.ts';
import { insertUser, selectTaken, selectUser, selectUsers } from './accounts-repository.ts';
import type { StoredUser, Taken } from './accounts-repository.ts';
import type { components, operations } from './contract.ts';
import { userRegistered } from './events.ts';
import { hashPassword } from './passwords.ts';

type User = components['schemas']['User'];

export interface AccountsDependencies {
  readonly database: Database;
  readonly cache: Cache;
  /** Called once an account has been committed with its outbox row. */
  readonly committed: () => void;
}

/** The operations on accounts. */
export function createAccounts({
  database,
  cache,
  committed,
}: AccountsDependencies): Pick<Handlers<operations>, 'listUsers' | 'getUser' | 'registerUser'> {
  const users = cache.namespace<User>('user', {
    ttlMs: 300_000,
    staleMs: 300_000,
    // An account never changes once it is there.
    firstLevelMs: 60_000,
  });

  return {
    listUsers: async ({ query: { limit = 50, cursor } }) => {
      const rows = await selectUsers(database, { after: afterOf(cursor), limit: limit + 1 });
      return {
        status: 200,
        body: pageOf(rows.map(present), limit, ({ id }) => ({ userId: id })),
      };
    },

    getUser: async ({ params: { id } }) => {
      const user = await users.get(String(id), async () => {
        const row = await selectUser(database, id);
        return row === undefined ? undefined : present(row);
      });
      if (user === undefined) throw problem('WT-RESOURCE-NOT-FOUND', `There is no user ${id}.`);
      return { status: 200, body: user };
    },

    registerUser: async ({ body }) => {
      const { password } = body;
      // Before the transaction: a connection would wait for it.
      const hash = password === undefined ? undefined : await hashPassword(password);
      const row = await database.transaction(async (transaction) => {
        const inserted = await insertUser(transaction, body);
        if (inserted === undefined) throw conflict(await selectTaken(transaction, body));
        if (hash !== undefined) await insertCredentials(transaction, inserted.id, hash);
        enqueue(transaction, userRegistered(inserted));
        transaction.afterCommit(committed);
        return inserted;
      });
      // Somebody may have asked for this id before it was given out.
      await users.invalidate(String(row.id));
      return {
        status: 201,
        headers: { Location: `/api/users/${row.id}` },
        body: present(row),
      };
    },
  };
}

function conflict(taken: Taken) {
  const errors = (['username', 'email'] as const)
    .filter((field) => taken[field])
    .map((field) => ({ pointer: `/body/${field}`, detail: 'is taken by another account' }));
  return problem('WT-CONFLICT', 'An account with this username or email address exists already.', {
    errors,
  });
}

/** The id after which a page begins; ids begin at 1. */
function afterOf(cursor: string | undefined): number {
  return cursor === undefined ? 0 : decodeCursor(cursor, { userId: 'integer' }).userId;
}

function present({ id, username, email, createdAt }: StoredUser): User {
  return { id, username, email, createdAt: createdAt.toISOString() };
}
