import uPlot from 'uplot';
import type { Gap, Values } from '../timeline.ts';
import { colorOf, lineColor } from './palette.ts';
import type { LineStyle } from './palette.ts';

export interface PlotOptions {
  readonly styles: readonly LineStyle[];
  /** Labels of the axis of values. */
  readonly formatTick: (value: number) => string;
  readonly formatTime: (seconds: number) => string;
  /** The least top of the axis, so that noise near zero is not drawn as a storm. */
  readonly leastTop: number;
  /** Called with the index of the point under the pointer, or null when it leaves. */
  readonly onCursor: (index: number | null) => void;
}

export interface Plot {
  /** @param shown seconds since 1970, first and last */
  draw(
    times: readonly number[],
    lines: readonly Values[],
    gaps: readonly Gap[],
    shown: readonly [number, number],
  ): void;
  /** Draws anew with the colours of the style sheet as they are now. */
  recolor(): void;
  close(): void;
}

/** Pointers over one chart show the same moment in all. */
const cursorGroup = 'signals';

/** Draws moving lines into `host`, which decides its size. */
export function createPlot(host: HTMLElement, options: PlotOptions): Plot {
  let gaps: readonly Gap[] = [];
  let shown: readonly [number, number] = [0, 1];
  let colors = readColors(options.styles);
  const font = `11px ${getComputedStyle(host).fontFamily}`;
  const axis: uPlot.Axis = {
    stroke: () => colors.text,
    font,
    grid: { stroke: () => colors.grid, width: 1 },
    ticks: { show: false },
  };
  const plot = new uPlot(
    {
      ...sizeOf(host),
      padding: [8, 18, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: false, y: false },
        sync: { key: cursorGroup, scales: ['x', null] },
        points: { size: 6 },
        y: false,
      },
      scales: {
        x: { time: true, range: () => [...shown] as [number, number] },
        y: { range: (_plot, _min, max) => [0, topOf(max, options.leastTop)] },
      },
      axes: [
        {
          ...axis,
          space: 64,
          size: 26,
          incrs: [60, 120, 300],
          values: (_plot, ticks) => ticks.map(options.formatTime),
        },
        { ...axis, space: 36, size: 62, values: (_plot, ticks) => ticks.map(options.formatTick) },
      ],
      series: [
        {},
        ...options.styles.map(({ dash, width }, index): uPlot.Series => ({
          stroke: () => colors.lines[index] ?? colors.text,
          width,
          dash: [...dash],
          points: { show: false },
          spanGaps: false,
        })),
      ],
      hooks: {
        drawClear: [(self) => shade(self, gaps, colors.gap)],
        setCursor: [(self) => options.onCursor(self.cursor.idx ?? null)],
      },
    },
    [[], ...options.styles.map(() => [])],
    host,
  );

  const resizing = new ResizeObserver(() => {
    const size = sizeOf(host);
    if (size.width !== plot.width || size.height !== plot.height) plot.setSize(size);
  });
  resizing.observe(host);

  return {
    draw(times, lines, newGaps, newShown) {
      gaps = newGaps;
      shown = newShown;
      plot.setData([[...times], ...lines]);
    },
    recolor() {
      colors = readColors(options.styles);
      plot.redraw(false, true);
    },
    close() {
      resizing.disconnect();
      plot.destroy();
    },
  };
}

function readColors(styles: readonly LineStyle[]) {
  return {
    text: colorOf('--muted'),
    grid: colorOf('--grid'),
    gap: colorOf('--gap'),
    lines: styles.map(lineColor),
  };
}

function sizeOf(host: HTMLElement): { width: number; height: number } {
  return { width: Math.max(host.clientWidth, 120), height: Math.max(host.clientHeight, 80) };
}

function topOf(max: number | null, least: number): number {
  return max === null || max <= least ? least : max * 1.12;
}

/** Times in which nothing was measured are shaded: no line is invented there. */
function shade(plot: uPlot, gaps: readonly Gap[], color: string): void {
  const { ctx, bbox } = plot;
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.fillStyle = color;
  for (const { from, to } of gaps) {
    const begin = Math.max(plot.valToPos(from, 'x', true), bbox.left);
    const end = Math.min(plot.valToPos(to, 'x', true), right);
    if (end > begin) ctx.fillRect(begin, bbox.top, end - begin, bbox.height);
  }
  ctx.restore();
}
