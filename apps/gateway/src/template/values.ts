import type { Placeholder, ValueType } from './placeholder.ts';
import { OF_ANSWER, refused } from './refusal.ts';

/** What a template is filled with, on one request. */
export interface Values {
  /** The value as it came: text, or any JSON from a body; undefined when there is none. */
  find(placeholder: Placeholder): unknown;
}

/** Longer ones belong in a body. */
const MAX_TEXT = 8_000;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Not the end of a fraction, of a date or of a negative number; few enough to be exact. */
const TRAILING_DIGITS = /(?<![\d.,:+-])\d{1,15}$/;

/**
 * The value of a placeholder, of the type that it asks for; undefined when it is missing and its
 * field is to be left out.
 * @throws ProblemError when it is missing and needed, or not of its type: 400 for a value of the
 * request, 502 for one of the service's answer.
 */
export function resolve(placeholder: Placeholder, values: Values): unknown {
  const found = values.find(placeholder);
  if (found !== undefined) return typed(found, placeholder);
  const { missing } = placeholder;
  if (missing === 'omit') return undefined;
  if (missing === 'refuse') throw refused(placeholder, 'is missing');
  return typed(missing.text, placeholder);
}

/**
 * The same as text for a path, a query or a header.
 * @throws ProblemError the same also for an object or a list, for text that is not well-formed
 * Unicode, and for more than 8,000 characters of a request's value.
 */
export function resolveText(placeholder: Placeholder, values: Values): string | undefined {
  const value = resolve(placeholder, values);
  return value === undefined ? undefined : asText(value, placeholder);
}

/** A list's values as texts; one value is a list of one. */
export function resolveTexts(
  placeholder: Placeholder,
  values: Values,
): readonly string[] | undefined {
  const value = resolve(placeholder, values);
  if (value === undefined) return undefined;
  const list = placeholder.type === 'list' ? (value as unknown[]) : [value];
  return list.map((one) => asText(one, placeholder));
}

function asText(value: unknown, placeholder: Placeholder): string {
  const text =
    typeof value === 'number' || typeof value === 'boolean' ? String(value) : (value as string);
  if (typeof text !== 'string') {
    throw refused(placeholder, 'must be text, a number or a boolean');
  }
  if (text.length > MAX_TEXT && !OF_ANSWER.has(placeholder.source)) {
    throw refused(placeholder, `must have at most ${MAX_TEXT} characters`);
  }
  if (!text.isWellFormed()) {
    throw refused(placeholder, 'must be well-formed Unicode');
  }
  return text;
}

function typed(value: unknown, placeholder: Placeholder): unknown {
  const converted = CONVERSIONS[placeholder.type](value);
  if (converted !== undefined) return converted;
  throw refused(placeholder, `must be ${EXPECTED[placeholder.type]}`);
}

/** Each gives undefined for what is not of its type. */
const CONVERSIONS: Readonly<Record<ValueType, (value: unknown) => unknown>> = {
  value: (value) => value,
  text: (value) =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : undefined,
  number: toNumber,
  integer(value) {
    const number = toNumber(value);
    return Number.isSafeInteger(number) ? number : undefined;
  },
  trailingInteger(value) {
    if (typeof value === 'number') return CONVERSIONS.integer(value);
    const digits = typeof value === 'string' ? TRAILING_DIGITS.exec(value)?.[0] : undefined;
    return digits === undefined ? undefined : Number(digits);
  },
  boolean(value) {
    if (typeof value === 'boolean') return value;
    return value === 'true' ? true : value === 'false' ? false : undefined;
  },
  list: (value) => (Array.isArray(value) ? value : [value]),
};

const EXPECTED: Readonly<Record<ValueType, string>> = {
  value: 'a value',
  text: 'text, a number or a boolean',
  number: 'a number',
  integer: 'a whole number',
  trailingInteger: 'a text that ends with a whole number',
  boolean: 'true or false',
  list: 'a list',
};

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'string' && !NUMBER.test(value)) return undefined;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}
