import type {
  HeatmapPanel,
  Query,
  StatPanel,
  TablePanel,
  Threshold,
  TimeSeriesPanel,
  Unit,
} from './model.ts';

interface PanelOptions {
  readonly title: string;
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  readonly width?: number;
  readonly height?: number;
  readonly thresholds?: readonly Threshold[];
  readonly max?: number;
}

/** Lines over time; half as wide as the page unless told. */
export function timeseries(
  options: PanelOptions & { readonly stacked?: boolean },
): TimeSeriesPanel {
  return { kind: 'timeseries', width: 12, height: 8, ...options };
}

/** A number; six stand beside each other unless told. */
export function stat(options: PanelOptions): StatPanel {
  return { kind: 'stat', width: 4, height: 4, ...options };
}

/** The buckets of a histogram over time. */
export function heatmap(options: PanelOptions): HeatmapPanel {
  return { kind: 'heatmap', width: 12, height: 8, ...options };
}

/** A line for each value of a label; as wide as the page unless told. */
export function table(options: PanelOptions & Pick<TablePanel, 'rowLabel' | 'units'>): TablePanel {
  return { kind: 'table', width: 24, height: 9, ...options };
}

/** Green below `yellow`, red from `red` on. */
export function worseAbove(yellow: number, red: number): readonly Threshold[] {
  return [
    { from: -Infinity, color: 'green' },
    { from: yellow, color: 'yellow' },
    { from: red, color: 'red' },
  ];
}
