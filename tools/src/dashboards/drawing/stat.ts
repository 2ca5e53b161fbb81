import { linear } from './scale.ts';
import type { DrawnPanel, Step } from './dashboard-file.ts';
import type { Size } from './frame.ts';
import type { PanelData } from './panel-data.ts';
import { COLORS, pixel, textAt } from './svg.ts';
import { largestOf } from './time-series.ts';
import { formatValue } from './units.ts';

/** The last value in the colour of its threshold, its course behind it. */
export function drawStat(panel: DrawnPanel, { results, range }: PanelData, size: Size): string {
  const points = (results[0]?.series[0]?.points ?? []).filter(([, value]) =>
    Number.isFinite(value),
  );
  const last = points.at(-1)?.[1] ?? Number.NaN;
  const { unit, thresholds } = panel.fieldConfig.defaults;
  const color = COLORS[colorFor(last, thresholds.steps)] ?? '#333';
  const x = linear([range.from, range.to], [0, size.width]);
  const y = linear(
    [0, largestOf(points.map(([, value]) => value))],
    [size.height, size.height * 0.5],
  );
  const along = points.map(([time, value]) => `${pixel(x(time))},${pixel(y(value))}`).join(' ');
  const [first] = points;
  const closed = first
    ? `${along} ${pixel(x(points.at(-1)?.[0] ?? 0))},${size.height} ${pixel(x(first[0]))},${size.height}`
    : '';
  return [
    `<polygon points="${closed}" fill="${color}" fill-opacity="0.15"/>`,
    textAt(
      size.width / 2,
      size.height * 0.5,
      formatValue(last, unit),
      `text-anchor="middle" fill="${color}" style="font-size:22px;font-weight:600"`,
    ),
  ].join('');
}

function colorFor(value: number, steps: readonly Step[]): string {
  return steps.findLast((step) => step.value === null || value >= step.value)?.color ?? 'green';
}
