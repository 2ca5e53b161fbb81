/** Axes: from values to pixels, and the round numbers that stand beside them. */
import type { Axis } from './chart.ts';
import { numberText } from './numbers.ts';

export interface Scale {
  /** Where a value is, in pixels. */
  at(value: number): number;
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
}

/**
 * @param values that have to fit; those that a logarithm does not have are left out.
 * @param pixels where the least and the most value are to be.
 */
export function createScale(
  { logarithmic = false }: Pick<Axis, 'logarithmic'>,
  values: readonly number[],
  [start, end]: readonly [number, number],
): Scale {
  const known = values.filter((value) => Number.isFinite(value) && (!logarithmic || value > 0));
  return logarithmic ? logScale(known, start, end) : linearScale(known, start, end);
}

/** From 0 on: a length that does not begin there lies about what it stands for. */
function linearScale(values: readonly number[], start: number, end: number): Scale {
  const most = Math.max(0, ...values) || 1;
  const step = roundStep(most / 5);
  const count = Math.ceil(most / step - 1e-9);
  const top = count * step;
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * step);
  return {
    at: (value) => start + (value / top) * (end - start),
    ticks: ticks.map((value) => ({ value, text: numberText(Number(value.toPrecision(12))) })),
  };
}

/** The next of 1, 2, 5 and their multiples by powers of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((each) => each * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function logScale(values: readonly number[], start: number, end: number): Scale {
  const [least, most] = values.length === 0 ? [1, 10] : [Math.min(...values), Math.max(...values)];
  const decades = Math.log10(most / least);
  const factors = decades > 3 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(least)) - 1; 10 ** power <= most * 10; power += 1) {
    for (const factor of factors) ticks.push(factor * 10 ** power);
  }
  const below = ticks.findLast((tick) => tick <= least * 1.0001) ?? least;
  const above = ticks.find((tick) => tick >= most * 0.9999 && tick > below) ?? most * 10;
  const from = Math.log10(below);
  const span = Math.log10(above) - from;
  return {
    at: (value) => start + ((Math.log10(value) - from) / span) * (end - start),
    ticks: ticks
      .filter((tick) => tick >= below * 0.9999 && tick <= above * 1.0001)
      .map((value) => ({ value, text: numberText(Number(value.toPrecision(12))) })),
  };
}
