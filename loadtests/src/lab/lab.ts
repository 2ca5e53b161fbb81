/**
 * What a lab is made of.
 *
 * - configuration: what runs while it is measured: the stack with its settings, or some programs.
 * - load: what is done to it: a k6 scenario, or a probe of the lab's own.
 * - step: one configuration under one load, measured several times.
 * - part: steps that belong together, and can be run apart by `--only`.
 * - measurement: one repetition of a step; of figures of all repetitions the report gives the median.
 * - bar: what a figure has to reach.
 */
import type { Stack } from '@woodytoys/infra/compose';
import type { ScenarioResult } from '../k6/result.ts';
import type { Chart } from '../report/chart.ts';
import type { Results } from '../report/results.ts';

/** What a configuration gives once all of it answers. */
export interface Running {
  /** The address that loads are sent to. */
  readonly target: string;
  /** Where its own Prometheus answers, where it has one. */
  readonly prometheus?: string;
  /** The containers, where it is a compose stack. */
  readonly stack?: Stack;
  /** Where loads reach what is published at an address of 127.0.0.1; there, unless given. */
  readonly addressOf?: (published: string) => Promise<string>;
  /** What k6's processes and probes are given beside (further addresses, say). */
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends all of it and removes what it kept. */
  stop(): Promise<void>;
}

export interface StartContext {
  /** Aborts when the lab is interrupted. */
  readonly signal: AbortSignal;
  /** Tells what is waited for, on the line of progress. */
  readonly say: (what: string) => void;
  /** A folder for logs and data, which is removed afterwards. */
  readonly scratch: string;
  /** Whether a person looks on by Grafana, which is left out otherwise. */
  readonly watched: boolean;
  /** Does what is needed once a lab, however many configurations ask for it. */
  readonly once: (key: string, work: () => Promise<void>) => Promise<void>;
}

export interface Configuration {
  /** One word, by which `data.json` and `--only` know it. */
  readonly name: string;
  /** As the report writes it: "2 replicas, cache on". */
  readonly title: string;
  /** What the machine must have free and there; asked before anything starts. */
  readonly needs: Needs;
  /** What it is started with, for the report: the limits that were raised and so on. */
  readonly settings: Readonly<Record<string, string>>;
  /** Rejects with one clear line, and leaves nothing running, when it cannot be started. */
  start(context: StartContext): Promise<Running>;
}

export interface Needs {
  /** TCP ports on 127.0.0.1. */
  readonly ports: readonly number[];
  /** A Docker engine with Compose. */
  readonly engine?: boolean;
}

/** A k6 scenario of loadtests/scenarios. The engine adds `duration`, unless `options` has it. */
export interface ScenarioLoad {
  readonly title: string;
  readonly scenario: string;
  /** As published on 127.0.0.1; the configuration's target unless given. */
  readonly target?: string;
  readonly options?: Readonly<Record<string, string | number>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Seconds of one measurement; as the lab has it unless given. */
  readonly seconds?: number;
  /** Seconds of the same load, not measured, before each measurement; as the lab has it unless given. */
  readonly warmUpSeconds?: number;
}

/** What k6 is not the tool for. */
export interface ProbeLoad {
  readonly title: string;
  /** About how long it takes, for the line of progress. */
  readonly seconds: number;
  readonly probe: (context: MeasureContext) => Promise<Observation>;
}

export type Load = ScenarioLoad | ProbeLoad;

export interface MeasureContext {
  readonly running: Running;
  readonly signal: AbortSignal;
  /** Seconds since the measurement began. */
  readonly elapsed: () => number;
  readonly say: (what: string) => void;
}

/** Figures that a lab reads itself. Names carry their unit where it is not a count: `drainedSeconds`. */
export interface Observation {
  readonly values: Readonly<Record<string, number>>;
  readonly series?: readonly TimeSeries[];
}

/** A figure over the seconds of a measurement. */
export interface TimeSeries {
  readonly name: string;
  readonly unit: string;
  /** Seconds since the measurement began, and the figure. */
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

/** Something that is done in the middle of a measurement; charts over time have a mark there. */
export interface TimedEvent {
  readonly title: string;
  /** The share of the measurement that has passed by then, 0 to 1. */
  readonly at: number;
  readonly act: (context: MeasureContext) => Promise<void>;
}

export interface Step {
  readonly part: string;
  readonly configuration: Configuration;
  readonly load: Load;
  readonly events?: readonly TimedEvent[];
  /** Waits, between warm-up and measurement, until what the warm-up left behind is done. */
  readonly prepare?: (context: Omit<MeasureContext, 'elapsed'>) => Promise<void>;
  /** Runs beside the load, and may go on after it: k6's result is `undefined` until it has ended. */
  readonly observe?: (
    context: MeasureContext,
    loaded: Promise<ScenarioResult | undefined>,
  ) => Promise<Observation>;
  /** Brings back what events took away, before the next measurement. */
  readonly restore?: (context: MeasureContext) => Promise<void>;
  /** Whether second by second figures of the load are kept, for a chart over time. */
  readonly everySecond?: boolean;
  /** Why this step is not run, seen what was measured before it; undefined to run it. */
  readonly skip?: (before: readonly Measurement[], run: number) => string | undefined;
  /** About what `prepare` and `observe` wait beside the loads, for the line of progress. */
  readonly waitSeconds?: number;
  /** Repetitions; as the lab has it unless given. */
  readonly runs?: number;
}

/** One repetition of a step, as `data.json` keeps it. */
export interface Measurement {
  readonly part: string;
  readonly configuration: string;
  readonly load: string;
  /** From 1 on. */
  readonly run: number;
  readonly startedAt: string;
  readonly seconds: number;
  /** Of the same load before it; left out where there was none. */
  readonly warmUpSeconds?: number;
  readonly k6?: ScenarioResult;
  /** CPU in cores as `cpu.SERVICE`, what Prometheus tells, and what the lab reads itself. */
  readonly values: Readonly<Record<string, number>>;
  readonly series: readonly TimeSeries[];
  readonly events: readonly { readonly title: string; readonly seconds: number }[];
}

export interface Bar {
  readonly what: string;
  readonly expected: string;
  /** As measured, with its unit; undefined when the steps it speaks of were not run. */
  readonly measured: string | undefined;
  readonly met: boolean | undefined;
}

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What a reader has to know of it. */
  readonly note?: string;
}

/** What the command line asks of a lab. */
export interface LabOptions {
  /** A short matrix, to see it work; nothing that it measures means anything. */
  readonly quick: boolean;
  /** Without Docker, where `standalone` allows it. */
  readonly standalone: boolean;
}

export interface Lab {
  readonly name: string;
  readonly title: string;
  readonly question: string;
  /** Whether it can do without Docker, perhaps in part. */
  readonly standalone: boolean;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Before the first measurement of a configuration, whose programs are cold; as the others unless given. */
  readonly firstWarmUpSeconds?: number;
  readonly runs: number;
  /** The parts by name, and what each asks. */
  readonly parts: Readonly<Record<string, string>>;
  /** In the order in which they run; those of one configuration follow each other. */
  steps(options: LabOptions): readonly Step[];
  /** The figures, as tables. Parts that were not run are left out. */
  tables(results: Results): readonly Table[];
  charts(results: Results): readonly Chart[];
  bars(results: Results): readonly Bar[];
  /** Sentences that the figures support; none is written in advance. */
  findings(results: Results): readonly string[];
  /** What the original or the sources say, beside which ours are put. */
  readonly originals: readonly Table[];
}
