import {
  GAUGES,
  CPU_SECONDS,
  HANDLER_SECONDS,
  REQUEST_SECONDS,
  STREAM_ROUTES,
} from './measurements.ts';
import type { Measurements } from './measurements.ts';
import { assemble } from './assemble.ts';
import { historyOf } from './history.ts';
import { parseExposition } from './samples.ts';
import type { Labels, Sample, Series } from './samples.ts';
import { HISTORY_SECONDS, HISTORY_STEP_SECONDS } from './source.ts';
import type { MetricsSource, Reading } from './source.ts';
import type { Part } from '../platform.ts';

export interface ProcessesOptions {
  /** The text of `/metrics` of the process that all services share. */
  readonly expose: () => Promise<string>;
  /** Whose history is kept while nobody watches. */
  readonly parts: () => readonly Part[];
}

/** How the one process of `npm start` is named. */
const INSTANCE = 'process';
/** Long enough for a rate of 1 request/s to be steady. */
const WINDOW_SECONDS = 5;
/** Two readings closer than this make one: rates over less are noise. */
const LEAST_MS = 500;

const COUNTERS = new Set([
  `${REQUEST_SECONDS}_count`,
  `${REQUEST_SECONDS}_bucket`,
  `${HANDLER_SECONDS}_bucket`,
  CPU_SECONDS,
]);
const WANTED = new Set([...COUNTERS, ...GAUGES]);
const STREAM = new RegExp(`^(?:${STREAM_ROUTES})$`);

/** The counters of one time, by the text of their series. */
interface Counted {
  readonly time: number;
  readonly values: ReadonlyMap<string, number>;
}

/**
 * Reads the metrics of this process tree, and takes rates and quantiles from the difference to what
 * it read five seconds ago. It goes on every five seconds while nobody asks, for the history.
 */
export function createProcessesSource({ expose, parts }: ProcessesOptions): MetricsSource {
  const counted: Counted[] = [];
  const kept: Reading[] = [];
  let last: Measurements | undefined;
  let measuring: Promise<Measurements> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function measure(): Promise<Measurements> {
    if (last !== undefined && Date.now() - last.time < LEAST_MS) return last;
    const series = parseExposition(await expose(), (name) => WANTED.has(name));
    const time = Date.now();
    const counters = series.filter(({ name }) => COUNTERS.has(name));
    const earlier =
      counted.findLast((one) => time - one.time >= WINDOW_SECONDS * 1000) ?? counted[0];
    counted.push({ time, values: new Map(counters.map(({ id, value }) => [id, value])) });
    while (counted.length > 2 && time - (counted[1] as Counted).time >= WINDOW_SECONDS * 1000) {
      counted.shift();
    }
    last = measurementsOf(time, series, ratesOf(counters, earlier, time));
    return last;
  }

  async function read(of: readonly Part[]): Promise<Reading> {
    measuring ??= measure().finally(() => (measuring = undefined));
    const reading = assemble(await measuring, of);
    const previous = kept.at(-1)?.time ?? 0;
    // Half a step early, or a timer's jitter would leave out every other one.
    if (counted.length > 1 && reading.time - previous >= (HISTORY_STEP_SECONDS - 0.5) * 1000) {
      kept.push(reading);
      if (kept.length > HISTORY_SECONDS / HISTORY_STEP_SECONDS + 1) kept.shift();
    }
    return reading;
  }

  function readForHistory(): void {
    // Who watches is told of a failure at a reading of his own.
    void read(parts()).catch(() => undefined);
  }

  return {
    kind: 'processes',
    windowSeconds: WINDOW_SECONDS,
    start() {
      readForHistory();
      timer = setInterval(readForHistory, HISTORY_STEP_SECONDS * 1000);
      timer.unref();
    },
    read,
    async history() {
      const oldest = Date.now() - HISTORY_SECONDS * 1000;
      return historyOf(kept.filter(({ time }) => time >= oldest));
    },
    close: () => clearInterval(timer),
  };
}

/** A second; a counter that fell began anew. None at the first reading. */
function ratesOf(
  counters: readonly Series[],
  earlier: Counted | undefined,
  time: number,
): Series[] {
  if (earlier === undefined) return [];
  const seconds = (time - earlier.time) / 1000;
  return counters.map((series) => {
    const before = earlier.values.get(series.id) ?? 0;
    const grown = series.value < before ? series.value : series.value - before;
    return { ...series, value: grown / seconds };
  });
}

function measurementsOf(
  time: number,
  series: readonly Series[],
  rates: readonly Series[],
): Measurements {
  const of = (name: string) =>
    rates.filter((one) => one.name === name && !STREAM.test(one.labels['http_route'] ?? ''));
  return {
    time,
    requests: added(of(`${REQUEST_SECONDS}_count`), ['service', 'http_response_status_code']),
    buckets: added(of(`${REQUEST_SECONDS}_bucket`), ['service', 'le']),
    handled: added(of(`${HANDLER_SECONDS}_bucket`), ['queue', 'outcome', 'le']),
    cpu: added(of(CPU_SECONDS), []),
    gauges: series
      .filter(({ name }) => !COUNTERS.has(name))
      .map(({ name, labels, value }) => ({ name, labels: here(labels), value })),
  };
}

/** The sums over all labels but these, as Prometheus' `sum by` has them. */
function added(samples: readonly Sample[], by: readonly string[]): Sample[] {
  const sums = new Map<string, { labels: Labels; value: number }>();
  for (const { labels, value } of samples) {
    const key = by.map((label) => labels[label]).join('\n');
    const sum = sums.get(key);
    if (sum !== undefined) sum.value += value;
    else {
      const own = Object.fromEntries(by.map((label) => [label, labels[label]]));
      sums.set(key, { labels: here(own), value });
    }
  }
  return [...sums.values()];
}

function here(labels: Labels): Labels {
  return { ...labels, instance: INSTANCE };
}
