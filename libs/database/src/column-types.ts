import pg from 'pg';

const { builtins } = pg.types;
/** Arrays of `bigint` and `text`, which pg's list of types does not name (pg_type.dat). */
const bigintArray = 1016;
const textArray = 1009 as number as Parameters<typeof pg.types.getTypeParser>[0];

/**
 * `bigint` as a number.
 *
 * @throws RangeError beyond 2^53 - 1, where a number would silently be another one.
 */
export function parseBigint(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(
    `The bigint ${text} from the database does not fit a number without loss. ` +
      'Select it as text (column::text) where such values are expected.',
  );
}

const parsers = new Map<number, (text: string) => unknown>([
  [builtins.INT8, parseBigint],
  [bigintArray, parseBigintArray],
  // A day is no moment: pg's own parser would place it at midnight of the machine's time zone.
  [builtins.DATE, (text) => text],
]);

/** For pg's option `types`: how the columns of a result become values. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    const parser = format === 'binary' ? undefined : parsers.get(oid);
    return parser ?? pg.types.getTypeParser(oid, format);
  },
} as pg.CustomTypesConfig;

function parseBigintArray(text: string): unknown {
  const parse = pg.types.getTypeParser(textArray, 'text');
  return (parse(text) as (string | null)[]).map((item) =>
    item === null ? null : parseBigint(item),
  );
}
