/** What a chart shows; `drawChart` makes SVG of it. */

export interface LineSeries {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Dashed lines stand for what is compared with. */
  readonly dashed?: boolean;
}

export interface LineChart {
  readonly kind: 'lines';
  /** The name of its file, without `.svg`. */
  readonly name: string;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly LineSeries[];
  /** Upright lines with a word, such as the moment when a replica was killed. */
  readonly marks?: readonly { readonly x: number; readonly title: string }[];
  /** Level lines with a word, such as a bar. */
  readonly levels?: readonly { readonly y: number; readonly title: string }[];
}

export interface BarChart {
  readonly kind: 'bars';
  readonly name: string;
  readonly title: string;
  readonly y: Axis;
  /** One group a row of bars, one bar a series in it. */
  readonly groups: readonly string[];
  readonly series: readonly {
    readonly name: string;
    /** One a group; NaN where nothing was measured. */
    readonly values: readonly number[];
  }[];
  readonly levels?: readonly { readonly y: number; readonly title: string }[];
}

export interface Axis {
  readonly title: string;
  /** Written behind the title, in parentheses. */
  readonly unit: string;
  /** Powers of ten at equal distances; values of 0 and below are left out. */
  readonly logarithmic?: boolean;
}

export type Chart = LineChart | BarChart;
