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
  parse(message: object): void;
  bind(message: object): void;
  execute(message: object): void;
}

interface Preparing {
  prepare(wire: Wire): void;
  hasBeenParsed(wire: Wire): boolean;
}

const parent = pg.Query.prototype as unknown as Preparing;

type Callback = (error: unknown, results: pg.QueryResult | pg.QueryResult[]) => void;

/**
 * A statement with what begins or ends its transaction: one round trip instead of two or three. All
 * of it is before one `Sync` of the extended protocol, so the server skips what follows an error: a
 * statement never runs outside the transaction that was to hold it, and none that failed is committed.
 * https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
class JoinedQuery extends pg.Query {
  /** The first use of its name on this connection, so that the server prepares it now. */
  isFirstOfItsName = false;
  readonly #joined: Joined;
  readonly #name: string | undefined;

  constructor(
    { name, text }: Statement,
    values: readonly unknown[],
    joined: Joined,
    callback: Callback,
  ) {
    const config = { name, text, values: [...values], queryMode: 'extended', callback };
    super(config as pg.QueryConfig);
    this.#joined = joined;
    this.#name = name;
  }

  /** Called by pg's `submit`, which has checked the statement and corked the socket. */
  prepare(wire: Wire): void {
    this.isFirstOfItsName = this.#name !== undefined && !parent.hasBeenParsed.call(this, wire);
    parent.prepare.call(this, joining(wire, this.#joined));
  }
}

/**
 * Runs a statement on a connection; the results are those of the joined commands too, in order.
 *
 * @param onDoubt called before the error when the connection may no longer know what it has prepared:
 *   pg takes the first answer to a `Parse`, which is that of the command before, for the statement's
 */
export function runJoined(
  client: pg.ClientBase,
  statement: Statement,
  values: readonly unknown[],
  joined: Joined,
  onDoubt: () => void,
): Promise<pg.QueryResult[]> {
  return new Promise((resolve, reject) => {
    const query = new JoinedQuery(statement, values, joined, (error, results) => {
      if (!error) return resolve([results].flat());
      if (query.isFirstOfItsName) onDoubt();
      reject(error as Error);
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
    parse(message: object) {
      begin();
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
