import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@woodytoys/service';
import type { Connection, Connections } from './connections.ts';
import { sqlStateOf } from './errors.ts';
import type { Queryable, Transaction, TransactionOptions } from './types.ts';

/** Serialization failure and deadlock: PostgreSQL's own advice is to run the transaction again. */
const worthAnotherTry = new Set(['40001', '40P01']);

/** Runs `work` in a transaction, again after a lost race, and then what it left for after. */
export async function runTransaction<T>(
  connections: Connections,
  work: (transaction: Transaction) => Promise<T>,
  options: TransactionOptions,
  log: Logger,
): Promise<T> {
  const { isolation = 'read committed', retries = 5 } = options;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const { result, actions } = await runOnce(connections, work, isolation);
      for (const action of actions) runAction(action, log);
      return result;
    } catch (error) {
      if (attempt >= retries || !worthAnotherTry.has(sqlStateOf(error) ?? '')) throw error;
      // Full jitter, so that those who met once do not meet again.
      await sleep(Math.random() * Math.min(500, 10 * 2 ** attempt));
    }
  }
}

async function runOnce<T>(
  connections: Connections,
  work: (transaction: Transaction) => Promise<T>,
  isolation: string,
): Promise<{ result: T; actions: readonly (() => void)[] }> {
  const connection = await connections.acquire();
  const actions: (() => void)[] = [];
  const statements = oneAfterTheOther(connection);
  try {
    await connection.run(`BEGIN ISOLATION LEVEL ${isolation}`);
    const result = await work({
      query: statements.query,
      afterCommit: (action) => void actions.push(action),
    });
    await statements.end();
    const { command } = await connection.run('COMMIT');
    // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, and calls that a success.
    if (command !== 'COMMIT') {
      throw new Error(
        'The transaction was rolled back: a statement in it had failed, and its error was caught. ' +
          'Let the error through, or use a savepoint.',
      );
    }
    connection.release();
    return { result, actions };
  } catch (error) {
    await statements.end();
    await rollBack(connection);
    throw error;
  }
}

async function rollBack(connection: Connection): Promise<void> {
  try {
    await connection.run('ROLLBACK');
    connection.release();
  } catch {
    // What made the rollback fail has already failed the transaction; the server rolls back alone.
    connection.destroy();
  }
}

/** A connection answers one statement at a time; those that come meanwhile wait here. */
function oneAfterTheOther(connection: Connection): Queryable & { end(): Promise<void> } {
  let last: Promise<unknown> = Promise.resolve();
  let ended = false;
  return {
    query<Row extends object>(...[statement, values]: Parameters<Queryable['query']>) {
      if (ended) throw new Error('The transaction has ended; every query in it must be awaited.');
      const answer = last.then(async () => {
        const { rows } = await connection.run(statement, values);
        return rows as Row[];
      });
      last = answer.catch(() => {});
      return answer;
    },
    async end() {
      ended = true;
      await last;
    },
  };
}

function runAction(action: () => void, log: Logger): void {
  try {
    action();
  } catch (error) {
    // The transaction stands; its caller must not take it for failed.
    log.error({ err: error }, 'an action after a commit failed');
  }
}
