import type { Cache } from '@woodytoys/caching';
import { enqueue } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { decodeCursor, encodeCursor, problem } from '@woodytoys/service';
import type { Handlers } from '@woodytoys/service';
import { insertUser, selectTaken, selectUser, selectUsers } from './accounts-repository.ts';
import type { StoredUser, Taken } from './accounts-repository.ts';
import type { components, operations } from './contract.ts';
import { userRegistered } from './events.ts';

type User = components['schemas']['User'];

export interface AccountsDependencies {
  readonly database: Database;
  readonly cache: Cache;
  /** Called once an account has been committed with its outbox row. */
  readonly committed: () => void;
}

/** The operations of the contract. */
export function createAccounts({
  database,
  cache,
  committed,
}: AccountsDependencies): Handlers<operations> {
  const users = cache.namespace<User>('user', { ttlMs: 300_000, staleMs: 300_000 });

  return {
    listUsers: async ({ query: { limit = 50, cursor } }) => {
      const after = cursor === undefined ? 0 : afterOf(cursor);
      // One more than asked for tells whether there is a next page.
      const rows = await selectUsers(database, { after, limit: limit + 1 });
      const items = rows.slice(0, limit).map(present);
      const last = items.at(-1);
      const nextCursor =
        rows.length > limit && last !== undefined
          ? encodeCursor({ list: 'users', after: last.id })
          : null;
      return { status: 200, body: { items, nextCursor } };
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
      const row = await database.transaction(async (transaction) => {
        const inserted = await insertUser(transaction, body);
        if (inserted === undefined) throw conflict(await selectTaken(transaction, body));
        await enqueue(transaction, userRegistered(inserted));
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
    .map((field) => ({ pointer: `/${field}`, detail: 'is taken by another account' }));
  return problem('WT-CONFLICT', 'An account with this username or email address exists already.', {
    errors,
  });
}

function afterOf(cursor: string): number {
  return decodeCursor(cursor, { list: 'users', after: 'positive-integer' }).after;
}

function present({ id, username, email, createdAt }: StoredUser): User {
  return { id, username, email, createdAt: createdAt.toISOString() };
}
