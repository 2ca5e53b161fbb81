import type { TimeRange } from '../asking/prometheus.ts';
import { linear, ticks, timeTicks } from './scale.ts';
import { line, textAt } from './svg.ts';
import { formatValue } from './units.ts';

/** In pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The axes of a chart, and where values are on it. */
export interface Frame {
  readonly axes: string;
  /** The value at its upper edge. */
  readonly largest: number;
  readonly x: (time: number) => number;
  readonly y: (value: number) => number;
  vertical(time: number, color: string): string;
  horizontal(value: number, color: string): string;
}

export interface FrameOptions {
  readonly size: Size;
  readonly unit: string;
  readonly range: TimeRange;
  /** The largest value to be seen. */
  readonly largest: number;
}

const LEFT = 74;
const BOTTOM = 18;
const TOP = 6;

/** A grid from 0 to a round number above the largest value, with times below. */
export function frame({ size, unit, range, largest }: FrameOptions): Frame {
  const values = ticks(largest, unit);
  const top = values.at(-1) ?? 1;
  const x = linear([range.from, range.to], [LEFT, size.width - 8]);
  const y = linear([0, top], [size.height - BOTTOM, TOP]);
  const right = x(range.to);
  const axes = [
    ...values.map(
      (value) =>
        line(LEFT, y(value), right, y(value), 'stroke="#e3e6ea"') +
        textAt(LEFT - 6, y(value) + 3.5, formatValue(value, unit), 'text-anchor="end"'),
    ),
    ...timeTicks(range.from, range.to).map(
      ({ time, text }) =>
        line(x(time), TOP, x(time), y(0), 'stroke="#f1f3f5"') +
        textAt(x(time), size.height - 4, text, 'text-anchor="middle"'),
    ),
  ].join('');
  return {
    axes,
    largest: top,
    x,
    y,
    vertical: (time, color) =>
      line(x(time), TOP, x(time), y(0), `stroke="${color}" stroke-dasharray="3 3"`),
    horizontal: (value, color) =>
      line(LEFT, y(value), right, y(value), `stroke="${color}" stroke-dasharray="6 4"`),
  };
}
