import type { ScenarioResult } from '../k6/result.ts';
import type { Measurement } from '../lab/lab.ts';
import { spreadOf } from './statistics.ts';
import type { Spread } from './statistics.ts';

/** What a figure is read from: k6's result of a repetition, and the repetition itself. */
export type Figure = (k6: ScenarioResult, measurement: Measurement) => number | undefined;

export interface Selection {
  readonly part?: string;
  /** A configuration's name. */
  readonly configuration?: string;
  /** A load's title. */
  readonly load?: string;
}

/** The measurements of a lab, asked for by step; figures are medians over the repetitions. */
export interface Results {
  readonly measurements: readonly Measurement[];
  /** Whether a short matrix was run, which proves nothing. */
  readonly quick: boolean;
  /** Of the machine; NaN where it is not known. */
  readonly cores: number;
  select(selection: Selection): readonly Measurement[];
  /** NaN where nothing was measured. */
  median(selection: Selection, figure: Figure): number;
  spread(selection: Selection, figure: Figure): Spread;
  /** The median of one of `values`, such as `cpu.gateway`. */
  value(selection: Selection, name: string): number;
  ran(part: string): boolean;
  /** What was measured in a part, in the order of the run: names of configurations. */
  configurations(part: string): readonly string[];
  /** Likewise titles of loads. */
  loads(part: string): readonly string[];
  /** A configuration's title. */
  title(configuration: string): string;
}

export interface ResultsOptions {
  readonly quick: boolean;
  /** Titles by name. */
  readonly titles: Readonly<Record<string, string>>;
  /** Of the machine. */
  readonly cores?: number;
}

export function createResults(
  measurements: readonly Measurement[],
  { quick, titles, cores = Number.NaN }: ResultsOptions,
): Results {
  const select = ({ part, configuration, load }: Selection) =>
    measurements.filter(
      (each) =>
        (part === undefined || each.part === part) &&
        (configuration === undefined || each.configuration === configuration) &&
        (load === undefined || each.load === load),
    );
  const spread = (selection: Selection, figure: Figure) =>
    spreadOf(
      select(selection).map((each) =>
        each.k6 === undefined ? Number.NaN : (figure(each.k6, each) ?? Number.NaN),
      ),
    );
  const inOrder = (part: string, of: 'configuration' | 'load') => [
    ...new Set(select({ part }).map((each) => each[of])),
  ];
  return {
    measurements,
    quick,
    cores,
    select,
    spread,
    median: (selection, figure) => spread(selection, figure).median,
    value: (selection, name) =>
      spreadOf(select(selection).map(({ values }) => values[name] ?? Number.NaN)).median,
    ran: (part) => measurements.some((each) => each.part === part),
    configurations: (part) => inOrder(part, 'configuration'),
    loads: (part) => inOrder(part, 'load'),
    title: (configuration) => titles[configuration] ?? configuration,
  };
}
