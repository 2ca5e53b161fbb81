import { frame } from './frame.ts';
import type { Frame, Size } from './frame.ts';
import type { DrawnPanel } from './dashboard-file.ts';
import type { Mark, NamedSeries, PanelData } from './panel-data.ts';
import { COLORS, colorOf, pixel } from './svg.ts';

/** A series as it is drawn: for a stacked panel each lies on those before it. */
interface Curve {
  readonly color: string;
  readonly points: readonly (readonly [number, number])[];
  readonly base?: ReadonlyMap<number, number>;
}

/** The lines of a panel over time, with thresholds and what happened to the platform. */
export function drawTimeSeries(
  panel: DrawnPanel,
  data: PanelData,
  marks: readonly Mark[],
  size: Size,
): string {
  const { unit, max, custom, thresholds } = panel.fieldConfig.defaults;
  const series = data.results.flatMap((result) => result.series);
  const curves = custom?.stacking.mode === 'normal' ? stack(series) : lines(series);
  const largest = largestOf(curves.flatMap(({ points }) => points.map(([, value]) => value)));
  const drawn = frame({ size, unit, range: data.range, largest: max ?? largest });
  const limits = custom?.thresholdsStyle.mode === 'dashed' ? thresholds.steps : [];
  return [
    drawn.axes,
    ...marks.map(({ time, color }) => drawn.vertical(time, COLORS[color] ?? color)),
    ...limits
      .filter(({ value }) => value !== null && value <= drawn.largest)
      .map(({ value, color }) => drawn.horizontal(value ?? 0, COLORS[color] ?? color)),
    ...curves.map((curve) => drawCurve(curve, drawn, data.stepSeconds)),
    ...data.exemplars
      .filter(({ value }) => value <= drawn.largest)
      .map(
        ({ time, value }) =>
          `<circle cx="${pixel(drawn.x(time))}" cy="${pixel(drawn.y(value))}" r="1.6" fill="#e6772e" fill-opacity="0.55"/>`,
      ),
  ].join('');
}

export function largestOf(values: readonly number[]): number {
  return values.reduce((most, value) => (value > most && value < Infinity ? value : most), 0);
}

function lines(series: readonly NamedSeries[]): Curve[] {
  return series.map(({ points }, index) => ({ color: colorOf(index), points }));
}

function stack(series: readonly NamedSeries[]): Curve[] {
  let below = new Map<number, number>();
  return series.map(({ points }, index) => {
    const base = below;
    const sums = points.map(
      ([time, value]) => [time, (base.get(time) ?? 0) + (Number.isNaN(value) ? 0 : value)] as const,
    );
    below = new Map([...base, ...sums]);
    return { color: colorOf(index), points: sums, base };
  });
}

/** A gap where there is no sample, or none that is a number. */
function drawCurve({ color, points, base }: Curve, { x, y }: Frame, stepSeconds: number): string {
  const pieces: (readonly [number, number])[][] = [];
  let before = -Infinity;
  for (const point of points) {
    if (!Number.isFinite(point[1])) continue;
    if (point[0] - before > stepSeconds * 1.5) pieces.push([]);
    pieces.at(-1)?.push(point);
    before = point[0];
  }
  return pieces
    .map((piece) => {
      const along = piece.map(([time, value]) => `${pixel(x(time))},${pixel(y(value))}`).join(' ');
      const back = piece
        .toReversed()
        .map(([time]) => `${pixel(x(time))},${pixel(y(base?.get(time) ?? 0))}`)
        .join(' ');
      const area = base
        ? `<polygon points="${along} ${back}" fill="${color}" fill-opacity="0.25"/>`
        : '';
      const [only] = piece;
      if (piece.length === 1 && only) {
        return `<circle cx="${pixel(x(only[0]))}" cy="${pixel(y(only[1]))}" r="1.5" fill="${color}"/>`;
      }
      return `${area}<polyline points="${along}" fill="none" stroke="${color}" stroke-width="1.5"/>`;
    })
    .join('');
}
