import type { ServiceMetrics } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import type { Tracing } from '@woodytoys/tracing';
import pg from 'pg';
import { type Connections, createConnections } from './connections.ts';
import { DatabaseUnavailableError } from './errors.ts';
import { traceDatabase } from './traced-database.ts';
import { runTransaction } from './transactions.ts';
import type { Database, Queryable, Statement } from './types.ts';

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`; through PgBouncer where there is one. */
  readonly connectionString: string;
  /** As in logs and metrics. */
  readonly service: string;
  /** Default 10. */
  readonly maxConnections?: number;
  /** How long to wait for a free or new connection; default 10,000. */
  readonly connectTimeoutMs?: number;
  /**
   * How long to wait for an answer; default 20,000. Longer than the role's `statement_timeout`, so
   * that as a rule the server ends the statement and says so, and this is for a dead network.
   */
  readonly queryTimeoutMs?: number;
  /** How long an unused connection is kept; default 30,000. */
  readonly idleTimeoutMs?: number;
  readonly metrics?: ServiceMetrics;
  /** Makes spans of what is asked for a span; none unless given. */
  readonly tracing?: Tracing | undefined;
  readonly log: Logger;
}

/** An answer this young says as much about the server as a new question would. */
const freshMs = 1_000;

/**
 * A pool of connections to one database. It connects with the first query, and again after every
 * loss, so it can be made before the server is there.
 */
export function createDatabase(options: DatabaseOptions): Database {
  const { log, tracing, connectionString } = options;
  const connections = createConnections({
    connectionString,
    service: options.service,
    maxConnections: options.maxConnections ?? 10,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    queryTimeoutMs: options.queryTimeoutMs ?? 20_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
    log,
  });
  const removePool = options.metrics?.pool('postgres', connections.state);
  let closing: Promise<void> | undefined;

  const database: Database = {
    query: <Row extends object>(...[statement, values]: Parameters<Queryable['query']>) =>
      queryTwiceIfNeeded<Row>(connections, statement, values),
    transaction: (work, how = {}) => runTransaction(connections, work, how, log),
    async ping() {
      // A pool that is all in use answers; asking it through the same queue would call it dead.
      if (Date.now() - connections.lastAnswerAt() < freshMs) return;
      await queryOnce(connections, { name: 'ping', text: 'SELECT 1' });
    },
    close() {
      removePool?.();
      return (closing ??= connections.close());
    },
  };
  return tracing === undefined ? database : traceDatabase(database, tracing, connectionString);
}

/**
 * A lone statement that begins with SELECT is asked once more when its connection was lost before
 * the answer: a server or PgBouncer that restarts is not seen by readers. Whatever writes is not:
 * it may have happened.
 */
async function queryTwiceIfNeeded<Row extends object>(
  connections: Connections,
  statement: Statement | string,
  values?: readonly unknown[],
): Promise<Row[]> {
  try {
    return await queryOnce<Row>(connections, statement, values);
  } catch (error) {
    const text = typeof statement === 'string' ? statement : statement.text;
    if (!isLoss(error) || !/^\s*select\b/i.test(text)) throw error;
    return queryOnce<Row>(connections, statement, values);
  }
}

async function queryOnce<Row extends object>(
  connections: Connections,
  statement: Statement | string,
  values?: readonly unknown[],
): Promise<Row[]> {
  const connection = await connections.acquire();
  try {
    const { rows } = await connection.run(statement, values);
    return rows as Row[];
  } finally {
    connection.release();
  }
}

function isLoss(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return error.reason === 'lost';
  return error instanceof pg.DatabaseError && error.severity === 'FATAL';
}
