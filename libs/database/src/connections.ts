import type { Logger } from '@woodytoys/service';
import pg from 'pg';
import { columnTypes } from './column-types.ts';
import { DatabaseUnavailableError } from './errors.ts';
import { type Joined, runJoined } from './joined-query.ts';
import type { Statement } from './types.ts';

export interface ConnectionOptions {
  readonly connectionString: string;
  /** Shown by PostgreSQL as the name of the application. */
  readonly service: string;
  /** Times replicas of all services it must stay below the server's `max_connections`. */
  readonly maxConnections: number;
  /** How long to wait for a connection, be it a free one or a new one. */
  readonly connectTimeoutMs: number;
  /** How long to wait for an answer; longer than the role's `statement_timeout`. */
  readonly queryTimeoutMs: number;
  /** How long an unused connection is kept. */
  readonly idleTimeoutMs: number;
  readonly log: Logger;
}

/** A connection in use. */
export interface Connection {
  run(statement: Statement | string, values?: readonly unknown[]): Promise<pg.QueryResult>;
  /** The results of the joined commands and of the statement, in order. */
  runJoined(
    statement: Statement | string,
    values: readonly unknown[] | undefined,
    joined: Joined,
  ): Promise<readonly pg.QueryResult[]>;
  /** Gives it back, or ends it when it can no longer be trusted. */
  release(): void;
  /** Ends it. */
  destroy(): void;
}

/** The pool: connections are made when needed, and broken ones never come back. */
export interface Connections {
  acquire(): Promise<Connection>;
  state(): { readonly used: number; readonly waiting: number; readonly limit: number };
  /** When the server last answered, in milliseconds since 1970. */
  lastAnswerAt(): number;
  close(): Promise<void>;
}

/**
 * Timeouts are the client's own. Those of the server are set on the role (`setRoleTimeouts`), since
 * PgBouncer drops them when they come as startup parameters.
 */
export function createConnections(options: ConnectionOptions): Connections {
  const { log, maxConnections } = options;
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    application_name: options.service,
    max: maxConnections,
    connectionTimeoutMillis: options.connectTimeoutMs,
    query_timeout: options.queryTimeoutMs,
    idleTimeoutMillis: options.idleTimeoutMs,
    // Connections move to other servers behind one name in the end.
    maxLifetimeSeconds: 1_800,
    keepAlive: true,
    types: columnTypes,
  });
  const broken = new WeakSet<pg.PoolClient>();
  let lastAnswerAt = 0;

  // A connection that breaks between two statements of a transaction has no one else to tell.
  pool.on('connect', (client) => client.on('error', () => broken.add(client as pg.PoolClient)));
  pool.on('error', (error: NodeJS.ErrnoException) => {
    if (pool.ending) return;
    // Not the error itself: pg hangs the whole client on it, and the logger would write all of that.
    const { code, message } = error;
    log.warn(
      { pool: options.service, code, reason: message },
      'an idle database connection was lost',
    );
  });

  async function acquire(): Promise<Connection> {
    const client = await pool.connect().catch((error: unknown) => {
      throw connectFailure(error, options);
    });
    async function answerOf<Answer>(asking: Promise<Answer>): Promise<Answer> {
      try {
        const answer = await asking;
        lastAnswerAt = Date.now();
        return answer;
      } catch (error) {
        if (isAnswer(error)) {
          lastAnswerAt = Date.now();
          throw error;
        }
        broken.add(client);
        throw queryFailure(error, options);
      }
    }
    return {
      run(statement, values) {
        const text = textOf(statement);
        return answerOf(client.query(values ? { ...text, values: [...values] } : text));
      },
      runJoined: (statement, values = [], joined) =>
        answerOf(runJoined(client, textOf(statement), values, joined, () => broken.add(client))),
      release: () => client.release(broken.has(client)),
      destroy: () => client.release(true),
    };
  }

  return {
    acquire,
    state: () => ({
      used: pool.totalCount - pool.idleCount,
      waiting: pool.waitingCount,
      limit: maxConnections,
    }),
    lastAnswerAt: () => lastAnswerAt,
    close: () => pool.end(),
  };
}

function textOf(statement: Statement | string): Statement {
  return typeof statement === 'string' ? { text: statement } : statement;
}

/** Whether the server refused the statement, after which the connection is as good as before. */
function isAnswer(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  if (!(error instanceof pg.DatabaseError)) return false;
  // A prepared statement whose table has changed since fails on this connection for ever.
  const stalePlan = error.code === '0A000' && error.message.includes('cached plan');
  return error.severity === 'ERROR' && !stalePlan;
}

function connectFailure(error: unknown, options: ConnectionOptions): unknown {
  if (error instanceof pg.DatabaseError) return error;
  const { maxConnections, connectTimeoutMs } = options;
  if (error instanceof Error && error.message.startsWith('timeout exceeded')) {
    return new DatabaseUnavailableError(
      'exhausted',
      `All ${maxConnections} database connections of this process were in use for ${connectTimeoutMs} ms. ` +
        'Shorten the transactions, or raise DATABASE_POOL_MAX within what the server allows.',
      { cause: error },
    );
  }
  return new DatabaseUnavailableError(
    'unreachable',
    `The database cannot be reached (${messageOf(error)}). It is tried again with the next query.`,
    { cause: error },
  );
}

function queryFailure(error: unknown, { queryTimeoutMs }: ConnectionOptions): unknown {
  if (error instanceof pg.DatabaseError) return error;
  const message = messageOf(error);
  if (message === 'Query read timeout') {
    return new DatabaseUnavailableError(
      'timeout',
      `The database did not answer within ${queryTimeoutMs} ms; the statement may still have an effect.`,
      { cause: error },
    );
  }
  return new DatabaseUnavailableError(
    'lost',
    `The connection to the database was lost before the answer (${message}); the statement may have had its effect.`,
    { cause: error },
  );
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as NodeJS.ErrnoException).code);
}
