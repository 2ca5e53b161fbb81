import { problem } from './errors.ts';

/** What each field of a cursor holds. */
export type CursorShape = Readonly<Record<string, 'integer' | 'text' | 'uuid' | 'time'>>;

/** The values of a cursor of this shape; `time` is a date in ISO 8601, with milliseconds, in UTC. */
export type CursorValues<Shape extends CursorShape> = {
  readonly [Key in keyof Shape]: Shape[Key] extends 'integer' ? number : string;
};

const MAX_LENGTH = 512;

const CHECKS: Record<CursorShape[string], (value: unknown) => boolean> = {
  integer: (value) => Number.isSafeInteger(value) && !Object.is(value, -0),
  // PostgreSQL refuses NUL in a text.
  text: (value) => typeof value === 'string' && !value.includes('\0') && value.isWellFormed(),
  uuid: (value) =>
    typeof value === 'string' &&
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(value),
  time: (value) => typeof value === 'string' && isIsoTime(value),
};

function isIsoTime(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

/** The place in a list after which the next page begins, opaque to the client. */
export function encodeCursor(values: Readonly<Record<string, number | string>>): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/**
 * The values of a cursor that `encodeCursor` made with exactly the fields of `shape`, in its order.
 * @throws ProblemError `WT-CURSOR-INVALID` for any other text.
 */
export function decodeCursor<const Shape extends CursorShape>(
  cursor: string,
  shape: Shape,
): CursorValues<Shape> {
  const values = cursor.length <= MAX_LENGTH ? parse(cursor) : undefined;
  const keys = Object.keys(shape);
  if (
    values === undefined ||
    Object.keys(values).join() !== keys.join() ||
    !keys.every((key) => CHECKS[shape[key] as CursorShape[string]](values[key])) ||
    // One place has one cursor: other spellings of the same values are not ours.
    encodeCursor(values as Record<string, number | string>) !== cursor
  ) {
    throw problem(
      'WT-CURSOR-INVALID',
      'The cursor was not given by this list; use the nextCursor of its last page, or none.',
      { errors: [{ pointer: '/query/cursor', detail: 'is not a cursor of this list' }] },
    );
  }
  return values as CursorValues<Shape>;
}

function parse(cursor: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // Not ours; the caller says so.
    return undefined;
  }
}

/** One page of a list. */
export interface Page<Item> {
  readonly items: Item[];
  /** Null at the end of the list. */
  readonly nextCursor: string | null;
}

/**
 * A page of `limit` items out of `rows`, for which `limit + 1` rows were asked: the one too many
 * says that there is a next page. `cursorOf` gives the place of an item.
 */
export function pageOf<Item>(
  rows: readonly Item[],
  limit: number,
  cursorOf: (item: Item) => Readonly<Record<string, number | string>>,
): Page<Item> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? encodeCursor(cursorOf(last)) : null };
}
