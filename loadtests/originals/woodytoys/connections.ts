import pg from 'pg';

/** Runs `work` on a connection of its own; rejects when there is none to be had. */
export type WithConnection = <Result>(
  work: (client: pg.Client) => Promise<Result>,
) => Promise<Result>;

/** A new connection for each piece of work, closed after it: the original has no pool. */
export function createConnections(connectionString: string): WithConnection {
  return async (work) => {
    const client = new pg.Client({ connectionString });
    // A connection that is lost fails the query that runs on it; without a listener it would end us.
    client.on('error', () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
}
