import {
  MAX_FIELD_ERRORS,
  NOT_DECODED,
  decodeQueryText,
  escapePointer,
  readScalar,
} from '@woodytoys/service';
import type { FieldError, ScalarType } from '@woodytoys/service';
import { headerValue } from '../exchange/header-list.ts';
import type { Parameter, Style } from './parameters.ts';

/** The value that a text stands for, by the first type that it fits; itself when it fits none. */
function readAs(types: readonly ScalarType[], text: string): unknown {
  for (const type of types) {
    const value = readScalar(type, text);
    if (typeof value !== 'string') return value;
  }
  return text;
}

/** Between the parts of a list that is written as one text. */
const SEPARATORS: Readonly<Record<Style, string>> = {
  simple: ',',
  form: ',',
  spaceDelimited: ' ',
  pipeDelimited: '|',
  deepObject: ',',
};

/** A parameter's value from its one text. */
export function readText({ type, style, json }: Parameter, text: string): unknown {
  if (json) {
    try {
      return JSON.parse(text);
    } catch {
      // Its schema then refuses it as the text that it is.
      return text;
    }
  }
  if (type.kind === 'scalar') return readAs(type.scalars, text);
  return text.split(SEPARATORS[style]).map((part) => readAs(type.scalars, part.trim()));
}

/** The header parameters of a request. */
export function readHeaders(
  headers: readonly string[],
  parameters: readonly Parameter[],
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const parameter of parameters) {
    const text = headerValue(headers, parameter.name);
    if (text !== undefined) values[parameter.name] = readText(parameter, text);
  }
  return values;
}

/** The parameters of a query by name, and the one that takes all that no other is named for. */
export interface QueryParameters {
  readonly named: ReadonlyMap<string, Parameter>;
  readonly rest: Parameter | undefined;
  /** Whether a name that no parameter has is refused. */
  readonly closed: boolean;
}

export interface ReadQuery {
  readonly query: Record<string, unknown>;
  /** What the parameter for the rest got. */
  readonly rest: Record<string, unknown>;
  readonly errors: FieldError[];
}

/** Reads a query, with or without its `?`. Names that no parameter has pass, unless it is closed. */
export function readQuery(
  text: string,
  { named, rest: taker, closed }: QueryParameters,
): ReadQuery {
  const query: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  const errors: FieldError[] = [];
  const from = text.startsWith('?') ? 1 : 0;
  if (text.length === from) return { query, rest, errors };
  for (const pair of text.slice(from).split('&')) {
    if (pair === '') continue;
    if (errors.length >= MAX_FIELD_ERRORS) break;
    const equals = pair.indexOf('=');
    const rawName = equals < 0 ? pair : pair.slice(0, equals);
    const name = decodeQueryText(rawName);
    const value = decodeQueryText(equals < 0 ? '' : pair.slice(equals + 1));
    const deep = name?.endsWith(']') ? /^([^[]+)\[([^\]]*)\]$/.exec(name) : null;
    const parameter = named.get(name ?? '') ?? deepObject(named, deep?.[1]);
    const refuse = (detail: string) =>
      errors.push({ pointer: `/query/${escapePointer(name ?? rawName)}`, detail });
    if (name === undefined || value === undefined) {
      refuse(NOT_DECODED);
    } else if (parameter === undefined) {
      if (taker !== undefined)
        rest[name] = readAs(taker.type.properties?.get(name) ?? ['string'], value);
      else if (closed) refuse('is not a known parameter');
    } else if (deep !== null && parameter.style === 'deepObject') {
      const key = deep[2] as string;
      const object = (query[parameter.name] ??= {}) as Record<string, unknown>;
      object[key] = readAs(parameter.type.properties?.get(key) ?? ['string'], value);
    } else if (parameter.type.kind === 'list' && parameter.explode) {
      const list = (query[name] ??= []) as unknown[];
      list.push(readAs(parameter.type.scalars, value));
    } else if (Object.hasOwn(query, name)) refuse('is given more than once');
    else query[name] = readText(parameter, value);
  }
  return { query, rest, errors };
}

function deepObject(
  named: ReadonlyMap<string, Parameter>,
  name: string | undefined,
): Parameter | undefined {
  const parameter = name === undefined ? undefined : named.get(name);
  return parameter?.style === 'deepObject' ? parameter : undefined;
}
