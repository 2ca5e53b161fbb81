/** The middle of the values, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** How many repetitions it is of. */
  readonly count: number;
}

/** Values that are no number, such as those of a figure that a repetition does not have, do not count. */
export function spreadOf(values: readonly number[]): Spread {
  const known = values.filter((value) => !Number.isNaN(value));
  return {
    median: median(known),
    least: known.length === 0 ? Number.NaN : Math.min(...known),
    most: known.length === 0 ? Number.NaN : Math.max(...known),
    count: known.length,
  };
}
