import type { Exchange } from '../../exchange/exchange.ts';

/** What an expression knows beside the body. */
interface Seen {
  readonly exchange: Exchange;
  /** Of what is transformed: of the request or of the answer. */
  readonly headers: readonly string[];
  readonly status: number | undefined;
}

const BINDINGS: Readonly<Record<string, (seen: Seen) => unknown>> = {
  method: ({ exchange }) => exchange.request.method,
  path: ({ exchange }) => exchange.path,
  parameters: ({ exchange }) => ({ ...exchange.parameters }),
  query: ({ exchange }) => grouped([...new URLSearchParams(exchange.query)]),
  subject: ({ exchange }) => exchange.subject,
  requestId: ({ exchange }) => exchange.requestId,
  headers: ({ headers }) => joined(headers),
  status: ({ status }) => status,
};

/** Makes the bindings that an expression names, and no others: each costs time on every request. */
export function bindingsOf(expression: string): (seen: Seen) => Record<string, unknown> {
  const used = Object.entries(BINDINGS).filter(([name]) => expression.includes(`$${name}`));
  return (seen) => Object.fromEntries(used.map(([name, value]) => [name, value(seen)]));
}

/** A parameter that is there more than once is a list. */
function grouped(pairs: readonly (readonly [string, string])[]): Record<string, unknown> {
  const values = new Map<string, string | string[]>();
  for (const [name, value] of pairs) {
    const had = values.get(name);
    values.set(name, had === undefined ? value : [had, value].flat());
  }
  return Object.fromEntries(values);
}

function joined(headers: readonly string[]): Record<string, string> {
  const values = new Map<string, string>();
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    const value = headers[index + 1] as string;
    const had = values.get(name);
    values.set(name, had === undefined ? value : `${had}, ${value}`);
  }
  return Object.fromEntries(values);
}
