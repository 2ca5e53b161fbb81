import { inSpan } from '@woodytoys/tracing';
import type { Attributes, Tracing } from '@woodytoys/tracing';
import { querySummary } from './query-summary.ts';
import type { Database, Queryable, Statement, Transaction } from './types.ts';

/**
 * The same database, whose statements and transactions are spans of whoever asks. What nobody asked
 * for, such as a relay's look at the outbox, is none. No span has a value of a statement; that of a
 * lone statement, and that of a transaction, begin with the wait for a connection.
 */
export function traceDatabase(
  database: Database,
  tracing: Tracing,
  connectionString: string,
): Database {
  const common = attributesOf(connectionString);

  function traced<T>(statement: Statement | string, run: () => Promise<T>): Promise<T> {
    const parent = tracing.current();
    if (!parent?.recording) return run();
    const { text, name } =
      typeof statement === 'string' ? { text: statement, name: undefined } : statement;
    const summary = querySummary(text);
    const span = parent.child(summary, 'client', {
      ...common,
      'db.query.summary': summary,
      ...(name !== undefined && { 'woodytoys.statement': name }),
    });
    return inSpan(tracing, span, run);
  }

  function tracedQuery(inner: Queryable): Queryable['query'] {
    return <Row extends object>(...[statement, values]: Parameters<Queryable['query']>) =>
      traced(statement, () => inner.query<Row>(statement, values));
  }

  return {
    ...database,
    query: tracedQuery(database),
    transaction(work, options) {
      const parent = tracing.current();
      if (parent === undefined) return database.transaction(work, options);
      const run = () =>
        database.transaction(
          (transaction: Transaction) =>
            work({
              query: tracedQuery(transaction),
              beforeCommit: (...statement) => transaction.beforeCommit(...statement),
              afterCommit: (action) => transaction.afterCommit(action),
              traceparent: parent.traceparent,
            }),
          options,
        );
      if (!parent.recording) return run();
      return inSpan(tracing, parent.child('transaction', 'internal', common), run);
    },
  };
}

function attributesOf(connectionString: string): Attributes {
  const { hostname, port, pathname } = new URL(connectionString);
  return {
    'db.system.name': 'postgresql',
    'db.namespace': decodeURIComponent(pathname.slice(1)),
    'server.address': hostname,
    'server.port': Number(port || 5432),
  };
}
