import type { PanelData } from './panel-data.ts';
import { frame } from './frame.ts';
import type { Size } from './frame.ts';
import { pixel, textAt } from './svg.ts';
import { formatValue } from './units.ts';

/** Buckets are cumulative: what lies between two bounds is the difference of their series. */
export function drawHeatmap(unit: string, data: PanelData, size: Size): string {
  const buckets = data.results
    .flatMap(({ series }) => series)
    .map(({ labels, points }) => ({ bound: Number(labels['le']), rates: new Map(points) }))
    .toSorted((a, b) => a.bound - b.bound);
  const { x, y } = frame({ size, unit: 'short', range: data.range, largest: buckets.length });
  const height = buckets.length === 0 ? 0 : (y(0) - y(buckets.length)) / buckets.length;
  const width = Math.max(1, x(data.range.from + data.stepSeconds) - x(data.range.from));
  const cells = buckets.flatMap(({ rates }, index) =>
    [...rates].map(([time, rate]) => ({
      time,
      index,
      rate: rate - (buckets[index - 1]?.rates.get(time) ?? 0),
    })),
  );
  const most = cells.reduce((largest, { rate }) => Math.max(largest, rate), 0);
  return [
    ...cells
      .filter(({ rate }) => rate > most / 1e4)
      .map(({ time, index, rate }) => {
        // The root lets few requests be seen beside many.
        const shade = (0.08 + 0.92 * Math.sqrt(rate / most)).toFixed(2);
        const top = y(0) - (index + 1) * height;
        return `<rect x="${pixel(x(time))}" y="${pixel(top)}" width="${pixel(width)}" height="${pixel(height - 0.6)}" fill="#d9540b" fill-opacity="${shade}"/>`;
      }),
    ...buckets
      .filter((_, index) => index % 2 === 1 || index === buckets.length - 1)
      .map(({ bound }) => {
        const index = buckets.findIndex((bucket) => bucket.bound === bound);
        const text = bound === Infinity ? '+Inf' : `≤ ${formatValue(bound, unit)}`;
        const middle = y(0) - (index + 0.5) * height + 3.5;
        return textAt(60, middle, text, 'text-anchor="end"');
      }),
    textAt(x(data.range.from), size.height - 4, timeText(data.range.from), 'text-anchor="start"'),
    textAt(x(data.range.to), size.height - 4, timeText(data.range.to), 'text-anchor="end"'),
  ].join('');
}

const timeText = (seconds: number) => new Date(seconds * 1000).toISOString().slice(11, 16);
