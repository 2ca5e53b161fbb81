import type { Exchange } from './exchange.ts';
import { headerValue } from './header-list.ts';
import type { PathTemplate } from './path-template.ts';

/** Says what a placeholder stands for in a request; undefined when the request has none. */
type Value = (exchange: Exchange, given: GivenValues) => string | undefined;

/** What an endpoint gives of its own, by name, beside what the request has. */
export type GivenValues = Readonly<Record<string, string>>;

/** Text filled from a request; undefined when a placeholder has no value there. */
export type RequestText = (exchange: Exchange, given?: GivenValues) => string | undefined;

/** As descriptions of options say it. */
export const PLACEHOLDERS =
  '{name} is a parameter of the path, {query.name} and {header.name} are from the request, {subject} is who asks, {requestId} its id.';

const PLACEHOLDER = /\{([^{}]*)\}/g;
const NOTHING: GivenValues = {};

/**
 * Reads a text with placeholders, so that filling it costs no parsing.
 * @param given names that the endpoint gives itself
 * @throws TypeError for a placeholder that is not known.
 */
export function parseRequestText(
  text: string,
  route: PathTemplate,
  given: readonly string[] = [],
): RequestText {
  const parts: (string | Value)[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    parts.push(text.slice(from, match.index), valueOf(match[1] as string, route, given));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return (exchange, values = NOTHING) => {
    let filled = '';
    for (const part of parts) {
      const value = typeof part === 'string' ? part : part(exchange, values);
      if (value === undefined) return undefined;
      filled += value;
    }
    return filled;
  };
}

function valueOf(name: string, { parameters }: PathTemplate, given: readonly string[]): Value {
  if (parameters.includes(name)) return (exchange) => exchange.parameters[name];
  if (given.includes(name)) return (_exchange, values) => values[name];
  if (name === 'subject') return ({ subject }) => subject;
  if (name === 'requestId') return ({ requestId }) => requestId;
  const [, place, key = ''] = /^(query|header)\.(.+)$/.exec(name) ?? [];
  if (place === 'query') return ({ query }) => new URLSearchParams(query).get(key) ?? undefined;
  if (place === 'header') return ({ headers }) => headerValue(headers, key.toLowerCase());
  const known = [...parameters, ...given, 'query.NAME', 'header.NAME', 'subject', 'requestId'];
  throw new TypeError(
    `"{${name}}" stands for nothing; use one of ${known.map((one) => `{${one}}`).join(', ')}`,
  );
}
