/**
 * Words used here.
 *
 * - dashboard: one page of Grafana, made of rows; a row is made of panels, laid from left to right.
 * - query: an expression in PromQL with the legend of the series that it gives.
 * - need: why a query has no data after mere traffic; `needs.ts` lists all of them.
 */
import type { Need } from './needs.ts';

/** Units of Grafana that the panels use; `suffix:x` writes x after the number. */
export type Unit =
  | 's'
  | 'bytes'
  | 'percentunit'
  | 'reqps'
  | 'ops'
  | 'short'
  | 'suffix: msg/s'
  | 'suffix: cores'
  | 'suffix: replicas'
  | 'suffix:×';

export interface Query {
  /** May use `$service`, `$replica` and Grafana's `$__rate_interval`, `$__interval`, `$__range`. */
  readonly expr: string;
  /** `{{label}}` is replaced by the label of the series. */
  readonly legend: string;
  /** Marks single requests that carry the id of their trace; of expressions over buckets alone. */
  readonly exemplars?: boolean;
  readonly needs?: Need;
}

/** From this value on, the number or line has this colour. */
export interface Threshold {
  readonly from: number;
  readonly color: 'green' | 'yellow' | 'orange' | 'red';
}

interface PanelBase {
  readonly title: string;
  /** What question it answers, and what to do or to look at next. */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width: number;
  /** In units of Grafana's grid, some 30 pixels each. */
  readonly height: number;
  readonly thresholds?: readonly Threshold[];
  /** The most that there can be; the axis ends there. */
  readonly max?: number;
}

export interface TimeSeriesPanel extends PanelBase {
  readonly kind: 'timeseries';
  /** Lays the series on each other: only where their sum means something. */
  readonly stacked?: boolean;
}

/** The last value as a number, with its course behind it. */
export interface StatPanel extends PanelBase {
  readonly kind: 'stat';
}

/** How many observations fell into each bucket over time. */
export interface HeatmapPanel extends PanelBase {
  readonly kind: 'heatmap';
}

/** One line for each value of a label, one column for each query, its heading the legend. */
export interface TablePanel extends PanelBase {
  readonly kind: 'table';
  readonly rowLabel: { readonly label: string; readonly heading: string };
  /** The unit of each column; `unit` for those not named. */
  readonly units: Readonly<Record<string, Unit>>;
}

export type Panel = TimeSeriesPanel | StatPanel | HeatmapPanel | TablePanel;

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  /** `label_values(series, label)`. */
  readonly query: string;
  /** What `All` stands for; every value that the query found, unless given. */
  readonly allValue?: string;
}

/** Marks the times at which its expression is above 0. */
export interface Annotation {
  readonly name: string;
  readonly expr: string;
  readonly text: string;
  readonly color: 'blue' | 'orange' | 'purple' | 'red' | 'yellow';
  readonly needs?: Need;
}

export interface Dashboard {
  /** Part of its address and of links to it: never changed. */
  readonly uid: string;
  readonly title: string;
  /** The question that the page answers. */
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}
