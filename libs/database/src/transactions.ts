import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@woodytoys/service';
import type { QueryResult } from 'pg';
import type { Connection, Connections } from './connections.ts';
import { sqlStateOf } from './errors.ts';
import type { Queryable, Transaction, TransactionOptions } from './types.ts';

const COMMIT = 'COMMIT';

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
  const statements = statementsOf(connection, `BEGIN ISOLATION LEVEL ${isolation}`);
  try {
    const result = await work({
      query: statements.query,
      beforeCommit: statements.beforeCommit,
      afterCommit: (action) => void actions.push(action),
    });
    await statements.commit();
    connection.release();
    return { result, actions };
  } catch (error) {
    await statements.end();
    if (statements.begun()) await rollBack(connection);
    else connection.release();
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

interface Statements extends Pick<Transaction, 'query' | 'beforeCommit'> {
  /** Whether the server has been told of the transaction. */
  begun(): boolean;
  /** Takes no more, and waits for those that run. */
  end(): Promise<void>;
  /** The same, then runs those that wait for the commit, and commits. */
  commit(): Promise<void>;
}

/**
 * The statements of a transaction. A connection answers one at a time; those that come meanwhile wait
 * here. The first goes with `begin`, the last that waits for the commit goes with it.
 */
function statementsOf(connection: Connection, begin: string): Statements {
  const left: Parameters<Queryable['query']>[] = [];
  let last: Promise<unknown> = Promise.resolve();
  let begun = false;
  let ended = false;

  /** The results, of which the commit's is the last. */
  async function run(
    [statement, values]: Parameters<Queryable['query']>,
    after?: string,
  ): Promise<readonly QueryResult[]> {
    if (begun && after === undefined) return [await connection.run(statement, values)];
    const before = begun ? undefined : begin;
    begun = true;
    const results = await connection.runJoined(statement, values, { before, after });
    return before === undefined ? results : results.slice(1);
  }

  async function end(): Promise<void> {
    ended = true;
    await last;
  }

  function refuseWhenEnded(): void {
    if (ended) throw new Error('The transaction has ended; every query in it must be awaited.');
  }

  return {
    query<Row extends object>(...statement: Parameters<Queryable['query']>) {
      refuseWhenEnded();
      const answer = last.then(async () => {
        const [result] = await run(statement);
        return (result as QueryResult<Row>).rows;
      });
      last = answer.catch(() => {});
      return answer;
    },
    beforeCommit(...statement) {
      refuseWhenEnded();
      left.push(statement);
    },
    begun: () => begun,
    end,
    async commit() {
      await end();
      const final = left.pop();
      for (const statement of left) await run(statement);
      if (final === undefined && !begun) return;
      const committed =
        final === undefined ? await connection.run(COMMIT) : (await run(final, COMMIT)).at(-1);
      // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, and calls that a success.
      if (committed?.command === COMMIT) return;
      throw new Error(
        'The transaction was rolled back: a statement in it had failed, and its error was caught. ' +
          'Let the error through, or use a savepoint.',
      );
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
