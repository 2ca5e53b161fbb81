import { z } from 'zod';

/** What a field says of itself, beside its schema; kept as zod metadata, so `describe` keeps it. */
export interface FieldFacts {
  /** Completes "expected …". */
  readonly expected?: string;
  /** Its value is shown nowhere, and may be given as a file named by `NAME_FILE`. */
  readonly secret?: boolean;
  readonly description?: string;
}

/** A TCP port; 0 lets the system choose one. */
export function port(standard?: number) {
  return withDefault(wholeNumber('a port from 0 to 65535', 0, 65_535), standard);
}

/** A whole number of the given range, both ends included. */
export function integer({
  min = Number.MIN_SAFE_INTEGER,
  max = Number.MAX_SAFE_INTEGER,
  default: standard,
}: {
  readonly min?: number;
  readonly max?: number;
  readonly default?: number;
} = {}) {
  return withDefault(wholeNumber(`a whole number ${range(min, max)}`, min, max), standard);
}

/** A number of the given range, both ends included. */
export function decimal({
  min = -Number.MAX_VALUE,
  max = Number.MAX_VALUE,
  default: standard,
}: {
  readonly min?: number;
  readonly max?: number;
  readonly default?: number;
} = {}) {
  const schema = z
    .string()
    .regex(/^-?\d{1,300}(\.\d{1,300})?$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);
  return withDefault(withFacts(schema, { expected: `a number ${range(min, max)}` }), standard);
}

/** A duration in milliseconds, written as `500ms`, `3s`, `2m`, `1h` or plain milliseconds. */
export function durationMs(standard?: number) {
  const schema = z
    .string()
    .transform(parseDurationMs)
    .refine((value) => value !== undefined)
    .transform((value) => value as number);
  return withDefault(
    withFacts(schema, { expected: 'a duration such as 500ms, 3s, 2m or 1h' }),
    standard,
  );
}

/** Text of one character or more. */
export function text(standard?: string) {
  return withDefault(withFacts(z.string().min(1), { expected: 'a text' }), standard);
}

/** `true` or `false`. */
export function flag(standard?: boolean) {
  const schema = z.enum(['true', 'false']).transform((value) => value === 'true');
  return withDefault(withFacts(schema, { expected: 'true or false' }), standard);
}

/** One of the given words. */
export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
  standard?: Words[number],
) {
  return withDefault<Words[number]>(
    withFacts(z.enum(words) as unknown as z.ZodType<Words[number], string>, {
      expected: `one of ${words.join(', ')}`,
    }),
    standard,
  );
}

/** An absolute URL of one of the given schemes (`['http', 'https']`); any scheme if none is given. */
export function url(standard?: string, schemes: readonly string[] = []) {
  return withDefault(urlField(schemes), standard);
}

/** A text that is shown nowhere: of one character or more, from `NAME` or the file `NAME_FILE`. */
export function secret() {
  return withFacts(z.string().min(1), { expected: 'a secret text', secret: true });
}

/** A URL that holds a password: from `NAME` or the file `NAME_FILE`, and shown nowhere. */
export function secretUrl(schemes: readonly string[] = []) {
  return withFacts(urlField(schemes), { secret: true });
}

/** Milliseconds of `500ms`, `3s`, `2m`, `1h` or plain digits; undefined for any other text. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d{1,12})(ms|s|m|h)?$/.exec(text);
  if (match === null) return undefined;
  const factor = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match[2] ?? 'ms'] as number;
  const value = Number(match[1]) * factor;
  // The longest that a Node timer can wait: 24 days.
  return value <= 2_147_483_647 ? value : undefined;
}

function urlField(schemes: readonly string[]) {
  const schema = z.string().refine((value) => {
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    return (
      parsed !== undefined &&
      (schemes.length === 0 || schemes.includes(parsed.protocol.slice(0, -1)))
    );
  });
  const expected =
    schemes.length === 0
      ? 'a URL'
      : `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  return withFacts(schema as z.ZodType<string, string>, { expected });
}

function wholeNumber(expected: string, min: number, max: number) {
  const schema = z
    .string()
    .regex(/^-?(0|[1-9]\d*)$/)
    .transform(Number)
    .refine((value) => Number.isSafeInteger(value) && value >= min && value <= max);
  return withFacts(schema, { expected });
}

function range(min: number, max: number): string {
  const from = min > Number.MIN_SAFE_INTEGER ? ` from ${min}` : '';
  const to = max < Number.MAX_SAFE_INTEGER ? ` ${from === '' ? 'up ' : ''}to ${max}` : '';
  return `${from}${to}`.trim();
}

function withFacts<Schema extends z.ZodType>(schema: Schema, facts: FieldFacts): Schema {
  return schema.meta({ ...schema.meta(), ...facts }) as Schema;
}

function withDefault<Value>(
  schema: z.ZodType<Value, string>,
  standard: Value | undefined,
): z.ZodType<Value, string | undefined> {
  return standard === undefined
    ? (schema as z.ZodType<Value, string | undefined>)
    : (schema.default(standard as never) as unknown as z.ZodType<Value, string | undefined>);
}
