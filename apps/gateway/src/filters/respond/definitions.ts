import { valueBuilder } from '../../template/builder.ts';
import type { ValueBuilder } from '../../template/builder.ts';
import { textWriter } from '../../template/places.ts';
import { parseTemplate } from '../../template/placeholder.ts';
import type { Placeholder, Scope } from '../../template/placeholder.ts';
import { refused } from '../../template/refusal.ts';
import { memberOf } from '../../template/request-values.ts';
import { resolve } from '../../template/values.ts';
import type { Values } from '../../template/values.ts';
import type { Definitions, ListOptions, ValueOptions } from './options.ts';

/** The lists and values that a filter defines, found by their placeholders. */
export interface Defined {
  /** What the templates beside them may ask for. */
  readonly scope: Scope;
  readonly find: Find;
}

/** @throws ProblemError 502 when the answer does not have what it is made of. */
type Find = (placeholder: Placeholder, values: Values) => unknown;

/**
 * Makes the lists and values of a filter. Each sees those above it, so that none is made of itself.
 * @throws TypeError for what is no template.
 */
export function define({ lists, values }: Definitions, scope: Scope): Defined {
  const made = { lists: new Map<string, ValueBuilder>(), values: new Map<string, ValueBuilder>() };
  const withItem = () => ({
    ...scope,
    sources: [...scope.sources, 'item', 'lists', 'values'] as const,
    lists: [...made.lists.keys()],
    values: [...made.values.keys()],
  });
  const find: Find = ({ source, keys: [name = ''] }, filled) =>
    made[source as 'lists' | 'values'].get(name)?.(filled);
  for (const [name, options] of Object.entries(values)) {
    made.values.set(name, oneOf(options, withItem()));
  }
  for (const [name, options] of Object.entries(lists)) {
    made.lists.set(name, listOf(options, withItem(), find));
  }
  return {
    scope: { ...withItem(), sources: [...scope.sources, 'lists', 'values'] },
    find,
  };
}

function oneOf({ of, is, otherwise }: ValueOptions, scope: Scope): ValueBuilder {
  const build = valueBuilder(of, scope);
  const others = new Map(
    Object.entries(is).map(([value, becomes]) => [value, valueBuilder(becomes, scope)]),
  );
  const fallback = valueBuilder(otherwise, scope);
  return (values) => (others.get(String(build(values))) ?? fallback)(values);
}

function listOf(options: ListOptions, scope: Scope, find: Find): ValueBuilder {
  const { of, first, as, key, join } = options;
  if (key !== undefined && join !== undefined) {
    throw new TypeError('a list becomes an object or a text; give "key" or "join", not both');
  }
  const placeholder = onlyPlaceholder(of, scope);
  const build = valueBuilder(as, scope);
  const nameOf = key === undefined ? undefined : textWriter(key, scope);
  return (values) => {
    const list = resolve(placeholder, values);
    if (list === undefined) return undefined;
    if (!Array.isArray(list)) throw refused(placeholder, 'must be a list');
    const items = (first === undefined ? list : list.slice(0, first)).map(
      (item) => new ItemValues(values, item, find),
    );
    if (nameOf !== undefined) {
      const members = items.map((item) => [nameOf(item), build(item)] as const);
      return Object.fromEntries(
        members.filter(([name, value]) => name !== undefined && value !== undefined),
      );
    }
    const made = items.map((item) => build(item)).filter((element) => element !== undefined);
    return join === undefined ? made : made.join(join);
  };
}

function onlyPlaceholder(text: string, scope: Scope): Placeholder {
  const [only, ...more] = parseTemplate(text, scope);
  if (typeof only === 'object' && more.length === 0) return only;
  throw new TypeError(`"${text}" is no list; write one placeholder, such as {answer.items}`);
}

/** The values of an answer beside one element of a list in it. */
class ItemValues implements Values {
  readonly #outer: Values;
  readonly #item: unknown;
  readonly #find: Find;

  constructor(outer: Values, item: unknown, find: Find) {
    this.#outer = outer;
    this.#item = item;
    this.#find = find;
  }

  find(placeholder: Placeholder): unknown {
    const { source, keys } = placeholder;
    if (source === 'lists' || source === 'values') return this.#find(placeholder, this);
    if (source !== 'item') return this.#outer.find(placeholder);
    return missingIfNull(memberOf(this.#item, keys), placeholder);
  }
}

/** A null of an answer counts as missing where a template says what is then to be done. */
export function missingIfNull(value: unknown, { missing }: Placeholder): unknown {
  return value === null && missing !== 'refuse' ? undefined : value;
}
