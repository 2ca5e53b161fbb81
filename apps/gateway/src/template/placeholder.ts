/**
 * Words used here.
 *
 * - template: text with placeholders, such as `/products/{path.id}`.
 * - placeholder: `{source.name}`, `{source.name:type}`, `{source.name?}`, `{source.name|default}`.
 * - source: where its value comes from: the path, the query, the headers, the body …
 * - place: where the value goes: a path, a query, a header, JSON. The place encodes it.
 */

export const SOURCES = [
  'path',
  'query',
  'headers',
  'body',
  'params',
  'subject',
  'requestId',
  'message',
  'request',
  'answer',
  'answerHeaders',
  'status',
  'now',
  'item',
  'lists',
  'values',
] as const;
export type Source = (typeof SOURCES)[number];

/** What a value must be; `value` is as it came: text from a URL or header, any JSON from a body. */
export const VALUE_TYPES = [
  'value',
  'text',
  'number',
  'integer',
  'trailingInteger',
  'boolean',
  'list',
] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

export interface Placeholder {
  readonly source: Source;
  /** The name of a parameter, or the members from the body's root; empty for the whole. */
  readonly keys: readonly string[];
  readonly type: ValueType;
  /** What a missing value does: 400, its field left out, or this text instead. */
  readonly missing: 'refuse' | 'omit' | { readonly text: string };
}

/** What the placeholders of a template may ask for. */
export interface Scope {
  readonly sources: readonly Source[];
  /** The parameters of the route's path. */
  readonly parameters: readonly string[];
  /** The lists and values that were defined beside the template. */
  readonly lists?: readonly string[];
  readonly values?: readonly string[];
}

/** Static text and placeholders, in their order. */
export type Template = readonly (string | Placeholder)[];

const HAS_MEMBERS: ReadonlySet<Source> = new Set(['body', 'params', 'answer', 'item']);
const IN_LOWER_CASE: ReadonlySet<Source> = new Set(['headers', 'answerHeaders']);
const WHOLE: ReadonlySet<Source> = new Set([
  ...HAS_MEMBERS,
  ...(['subject', 'requestId', 'status', 'now'] as const),
]);
/** The names of sources that have no others. */
const NAMES: Readonly<Partial<Record<Source, readonly string[]>>> = {
  message: ['id'],
  request: ['method', 'path'],
  now: ['seconds', 'milliseconds'],
  subject: [],
  requestId: [],
  status: [],
};

const PLACEHOLDER =
  /^(?<source>\w+)(?:\.(?<name>[^{}:?|]+))?(?::(?<type>\w+))?(?:(?<omit>\?)|\|(?<text>[^{}]*))?$/;

/**
 * Reads a template; `{{` and `}}` stand for braces.
 * @throws TypeError for what is no placeholder, and for one that asks for what is not in `scope`.
 */
export function parseTemplate(text: string, scope: Scope): Template {
  const pieces: (string | Placeholder)[] = [];
  let literal = '';
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] as string;
    if (char !== '{' && char !== '}') {
      literal += char;
    } else if (text[index + 1] === char) {
      literal += char;
      index += 1;
    } else {
      const end = char === '{' ? text.indexOf('}', index) : -1;
      if (end === -1) {
        throw new TypeError(`"${text}" has a single "${char}"; write "${char}${char}" for a brace`);
      }
      if (literal !== '') pieces.push(literal);
      literal = '';
      pieces.push(parsePlaceholder(text.slice(index + 1, end), scope));
      index = end;
    }
  }
  if (literal !== '') pieces.push(literal);
  return pieces;
}

function parsePlaceholder(text: string, scope: Scope): Placeholder {
  const groups = PLACEHOLDER.exec(text)?.groups;
  if (groups === undefined) {
    throw new TypeError(
      `"{${text}}" is no placeholder; write {query.name}, {query.name:integer}, {query.name?} or {query.name|default}`,
    );
  }
  const source = oneOf(scope.sources, groups['source'], `"{${text}}": the source`);
  const type = oneOf(VALUE_TYPES, groups['type'] ?? 'value', `"{${text}}": the type`);
  const keys = keysOf(source, groups['name']);
  if (keys.length === 0 && !WHOLE.has(source)) {
    throw new TypeError(`"{${text}}" has no name; write {${source}.name}`);
  }
  if (source === 'path' && !scope.parameters.includes(keys[0] as string)) {
    const had = scope.parameters.map((name) => `"${name}"`).join(', ');
    throw new TypeError(
      `"{${text}}": the route's path has no such parameter; it has ${had || 'none'}`,
    );
  }
  checkName(text, source, keys, scope);
  if (type === 'list' && source !== 'query') {
    throw new TypeError(`"{${text}}": only a query parameter has a list of values`);
  }
  const fallback = groups['text'];
  const missing = fallback === undefined ? 'refuse' : { text: fallback };
  return { source, keys, type, missing: groups['omit'] === undefined ? missing : 'omit' };
}

/** @throws TypeError for a name that its source never has. */
function checkName(
  text: string,
  source: Source,
  [name]: readonly string[],
  { lists = [], values = [] }: Scope,
): void {
  const known = source === 'lists' ? lists : source === 'values' ? values : NAMES[source];
  if (name === undefined || known === undefined || known.includes(name)) return;
  const had = known.map((one) => `{${source}.${one}}`).join(', ');
  throw new TypeError(`"{${text}}": ${source} has no such name; there is ${had || `{${source}}`}`);
}

function keysOf(source: Source, name: string | undefined): readonly string[] {
  if (name === undefined) return [];
  if (HAS_MEMBERS.has(source)) return name.split('.');
  return [IN_LOWER_CASE.has(source) ? name.toLowerCase() : name];
}

function oneOf<Name extends string>(
  names: readonly Name[],
  given: string | undefined,
  what: string,
): Name {
  const found = names.find((name) => name === given);
  if (found === undefined) {
    throw new TypeError(`${what} "${given}" is unknown; known are ${names.join(', ')}`);
  }
  return found;
}
