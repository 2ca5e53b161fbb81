import { waitFor } from '@woodytoys/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Transaction } from '../src/index.ts';
import { type Sandbox, createSandbox, errorOf } from './helpers.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.database.query('TRUNCATE t'));

const values = () => sandbox.database.query('SELECT id, value FROM t ORDER BY id');

it('keeps everything or nothing', async () => {
  await sandbox.database.transaction(async (transaction) => {
    await transaction.query('INSERT INTO t VALUES (1, 1)');
    await transaction.query('INSERT INTO t VALUES (2, 2)');
  });
  const failing = sandbox.database.transaction(async (transaction) => {
    await transaction.query('INSERT INTO t VALUES (3, 3)');
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await values()).toEqual([
    { id: 1, value: 1 },
    { id: 2, value: 2 },
  ]);
});

it('runs what is left for after the commit, then and only then', async () => {
  const seen: string[] = [];
  await sandbox.database.transaction(async (transaction) => {
    transaction.afterCommit(() => seen.push('committed'));
    await transaction.query('INSERT INTO t VALUES (1, 1)');
    seen.push('work');
  });
  const failing = sandbox.database.transaction(async (transaction) => {
    transaction.afterCommit(() => seen.push('never'));
    await transaction.query('INSERT INTO t VALUES (1, 1)');
  });
  await expect(failing).rejects.toMatchObject({ code: '23505' });
  expect(seen).toEqual(['work', 'committed']);
});

it('stands when an action after its commit fails', async () => {
  await sandbox.database.transaction(async (transaction) => {
    await transaction.query('INSERT INTO t VALUES (1, 1)');
    transaction.afterCommit(() => {
      throw new Error('of the action');
    });
  });
  expect(await values()).toHaveLength(1);
  expect(sandbox.log.lines.some(({ msg }) => msg === 'an action after a commit failed')).toBe(true);
});

/** Reads a value and writes it grown by one; two of them at once conflict when serializable. */
async function increment(transaction: Transaction, meet?: () => Promise<void>): Promise<void> {
  const [row] = await transaction.query<{ value: number }>('SELECT value FROM t WHERE id = 1');
  await meet?.();
  await transaction.query('UPDATE t SET value = $1 WHERE id = 1', [(row?.value ?? 0) + 1]);
}

it('runs again after a serialization failure, and loses no update', async () => {
  await sandbox.database.query('INSERT INTO t VALUES (1, 0)');
  let runs = 0;
  let arrived = 0;
  const work = async (transaction: Transaction) => {
    runs += 1;
    await increment(transaction, async () => {
      arrived += 1;
      // Only the first two meet, so that they certainly conflict.
      if (arrived <= 2) await waitFor(() => arrived >= 2);
    });
  };
  const options = { isolation: 'serializable' } as const;
  await Promise.all([1, 2].map(() => sandbox.database.transaction(work, options)));
  expect(await values()).toEqual([{ id: 1, value: 2 }]);
  expect(runs).toBe(3);
});

it('survives many conflicts at once', async () => {
  await sandbox.database.query('INSERT INTO t VALUES (1, 0)');
  const options = { isolation: 'serializable', retries: 50 } as const;
  const all = Array.from({ length: 20 }, () =>
    sandbox.database.transaction((transaction) => increment(transaction), options),
  );
  await Promise.all(all);
  expect(await values()).toEqual([{ id: 1, value: 20 }]);
});

it('runs again after a deadlock', async () => {
  await sandbox.database.query('INSERT INTO t VALUES (1, 0), (2, 0)');
  let arrived = 0;
  const lockBoth = (first: number, second: number) =>
    sandbox.database.transaction(async (transaction) => {
      await transaction.query('UPDATE t SET value = value + 1 WHERE id = $1', [first]);
      arrived += 1;
      if (arrived <= 2) await waitFor(() => arrived >= 2);
      await transaction.query('UPDATE t SET value = value + 1 WHERE id = $1', [second]);
    });
  await Promise.all([lockBoth(1, 2), lockBoth(2, 1)]);
  expect(await values()).toEqual([
    { id: 1, value: 2 },
    { id: 2, value: 2 },
  ]);
  expect(arrived).toBe(3);
});

it('gives up after as many retries as it was told', async () => {
  await sandbox.database.query('INSERT INTO t VALUES (1, 0)');
  let runs = 0;
  const stubborn = sandbox.database.transaction(
    async (transaction) => {
      runs += 1;
      await transaction.query('SELECT value FROM t WHERE id = 1');
      await sandbox.another().query('UPDATE t SET value = value + 1 WHERE id = 1');
      await transaction.query('UPDATE t SET value = 0 WHERE id = 1');
    },
    { isolation: 'repeatable read', retries: 2 },
  );
  await expect(stubborn).rejects.toMatchObject({ code: '40001' });
  expect(runs).toBe(3);
});

it('is not taken for committed when an error in it was caught', async () => {
  const swallowing = sandbox.database.transaction(async (transaction) => {
    await transaction.query('INSERT INTO t VALUES (1, 1)');
    await transaction.query('SELECT 1 / 0').catch(() => {});
  });
  await expect(swallowing).rejects.toThrow('was rolled back');
  expect(await values()).toEqual([]);
});

it('runs statements that are given at once one after the other', async () => {
  const sums = await sandbox.database.transaction((transaction) =>
    Promise.all([1, 2, 3].map((n) => transaction.query(`SELECT ${n} AS n, pg_sleep(0.01)`))),
  );
  expect(sums.flat()).toMatchObject([{ n: 1 }, { n: 2 }, { n: 3 }]);
});

it('runs what waits for the commit after all others', async () => {
  const seen = await sandbox.database.transaction(async (transaction) => {
    transaction.beforeCommit('INSERT INTO t VALUES ($1, 1)', [2]);
    transaction.beforeCommit({ name: 'waiting', text: 'INSERT INTO t VALUES ($1, 2)' }, [3]);
    await transaction.query({ name: 'first', text: 'INSERT INTO t VALUES ($1, 0)' }, [1]);
    return transaction.query('SELECT id FROM t');
  });
  expect(seen).toEqual([{ id: 1 }]);
  expect(await values()).toEqual([
    { id: 1, value: 0 },
    { id: 2, value: 1 },
    { id: 3, value: 2 },
  ]);
});

it('may have nothing but what waits for the commit', async () => {
  await sandbox.database.transaction(async (transaction) => {
    transaction.beforeCommit('INSERT INTO t VALUES (1, 1)');
  });
  expect(await values()).toEqual([{ id: 1, value: 1 }]);
});

it('keeps nothing when what waits for the commit fails', async () => {
  const failing = sandbox.database.transaction(async (transaction) => {
    await transaction.query('INSERT INTO t VALUES (1, 1)');
    transaction.beforeCommit('INSERT INTO t VALUES (2, 2)');
    transaction.beforeCommit('INSERT INTO t VALUES (1, 3)');
  });
  await expect(failing).rejects.toMatchObject({ code: '23505' });
  expect(await values()).toEqual([]);
});

it('keeps nothing when its commit fails', async () => {
  await sandbox.database.query(
    `CREATE TABLE once (id integer, UNIQUE (id) DEFERRABLE INITIALLY DEFERRED)`,
  );
  const failing = sandbox.database.transaction(async (transaction) => {
    await transaction.query('INSERT INTO t VALUES (1, 1)');
    await transaction.query('INSERT INTO once VALUES (1), (1)');
    transaction.beforeCommit('INSERT INTO t VALUES (2, 2)');
  });
  await expect(failing).rejects.toMatchObject({ code: '23505' });
  expect(await values()).toEqual([]);
});

it('is begun again after a first statement that the server refused', async () => {
  const database = sandbox.another({ maxConnections: 1 });
  const later = { name: 'later', text: 'SELECT value FROM made_later' };
  const ask = () => database.transaction((transaction) => transaction.query(later));
  await expect(ask()).rejects.toMatchObject({ code: '42P01' });
  await sandbox.database.query('CREATE TABLE made_later AS SELECT 1 AS value');

  expect(await ask()).toEqual([{ value: 1 }]);
  expect(await ask()).toEqual([{ value: 1 }]);
});

it.each(['read committed', 'repeatable read', 'serializable'] as const)(
  'is %s when it is to be, with a first statement of any kind',
  async (isolation) => {
    const show = { name: 'the-isolation', text: "SELECT current_setting('transaction_isolation')" };
    const plain = `${show.text} WHERE $1`;
    for (const [statement, values] of [[show], [show], [plain, [true]]] as const) {
      const rows = await sandbox.database.transaction(
        (transaction) => transaction.query(statement, values),
        { isolation },
      );
      expect(rows).toEqual([{ current_setting: isolation }]);
    }
  },
);

it('never runs its first statement outside of it', async () => {
  const failing = sandbox.database.transaction(
    (transaction) => transaction.query('INSERT INTO t VALUES (1, 1)'),
    { isolation: 'of no such kind' as never },
  );
  await expect(failing).rejects.toMatchObject({ code: '42601' });
  expect(await values()).toEqual([]);
});

it('leaves the server alone when it has no statement', async () => {
  const database = sandbox.another({ maxConnections: 1 });
  expect(await database.transaction(() => Promise.resolve(1))).toBe(1);
  const failing = database.transaction(() => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('refuses a statement after its end', async () => {
  let leaked: Transaction | undefined;
  await sandbox.database.transaction(async (transaction) => {
    leaked = transaction;
  });
  expect(() => leaked?.query('SELECT 1')).toThrow('has ended');
  expect(() => leaked?.beforeCommit('SELECT 1')).toThrow('has ended');
});

it('fails when its connection breaks between two statements, and the pool goes on', async () => {
  const database = sandbox.another({ maxConnections: 1 });
  const broken = database.transaction(async (transaction) => {
    const [row] = await transaction.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await sandbox.database.query('SELECT pg_terminate_backend($1)', [row?.pid]);
    await waitFor(async () => {
      const alive = await sandbox.database.query('SELECT FROM pg_stat_activity WHERE pid = $1', [
        row?.pid,
      ]);
      return alive.length === 0;
    });
    await transaction.query('INSERT INTO t VALUES (1, 1)');
  });
  await errorOf(broken);
  expect(await database.query('SELECT count(*) AS count FROM t')).toEqual([{ count: 0 }]);
});
