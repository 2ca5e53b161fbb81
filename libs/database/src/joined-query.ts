import pg from 'pg';
import type { Statement } from './types.ts';

/** Commands that go to the server with a statement, in one piece. */
export interface Joined {
  /** Before it: `BEGIN …`. */
  readonly before?: string | undefined;
  /** After it: `COMMIT`. */
  readonly after?: string | undefined;
}

/** A connection of pg, as far as its queries write to it. */
interface Wire {
  parse(message: { readonly name?: string; readonly text?: string }): void;
  bind(message: object): void;
  execute(message: object): void;
}

interface Preparing {
  prepare(wire: Wire): void;
}

type Callback = (error: unknown, results: pg.QueryResult | pg.QueryResult[]) => void;

/**
 * A statement with what begins or ends its transaction: one round trip instead of two or three. All
 * of it is before one `Sync` of the extended protocol, so the server skips what follows an error: a
 * statement never runs outside the transaction that was to hold it, and none that failed is committed.
 * https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
class JoinedQuery extends pg.Query {
  readonly #joined: Joined;

  constructor(
    { name, text }: Statement,
    values: readonly unknown[],
    joined: Joined,
    callback: Callback,
  ) {
    const config = { name, text, values: [...values], queryMode: 'extended', callback };
    super(config as pg.QueryConfig);
    this.#joined = joined;
  }

  /** Called by pg's `submit`, which has checked the statement and corked the socket. */
  prepare(wire: Wire): void {
    const { prepare } = pg.Query.prototype as unknown as Preparing;
    prepare.call(this, joining(wire, this.#joined));
  }
}

/** Runs a statement on a connection; the results are those of the joined commands too, in order. */
export function runJoined(
  client: pg.ClientBase,
  statement: Statement,
  values: readonly unknown[],
  joined: Joined,
): Promise<pg.QueryResult[]> {
  return new Promise((resolve, reject) => {
    const query = new JoinedQuery(statement, values, joined, (error, results) => {
      if (error) reject(error as Error);
      else resolve([results].flat());
    });
    client.query(query);
  });
}

/** The same connection, which writes the joined commands at their places. */
function joining(wire: Wire, { before, after }: Joined): Wire {
  let begun = before === undefined;
  const begin = () => {
    if (begun) return;
    begun = true;
    command(wire, before as string);
  };
  return Object.assign(Object.create(wire) as Wire, {
    parse(message: { readonly name?: string }) {
      // A command takes the place of the statement without a name. One with a name is parsed first:
      // pg counts it as prepared with the first answer to a `Parse`.
      if (!message.name) begin();
      wire.parse(message);
    },
    bind(message: object) {
      begin();
      wire.bind(message);
    },
    execute(message: object) {
      wire.execute(message);
      if (after !== undefined) command(wire, after);
    },
  });
}

function command(wire: Wire, text: string): void {
  wire.parse({ text });
  wire.bind({});
  wire.execute({});
}
