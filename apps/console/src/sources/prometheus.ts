import type { HttpClient } from '../http-client.ts';
import type { Part } from '../platform.ts';
import { assemble } from './assemble.ts';
import { historyOf } from './history.ts';
import {
  CPU_SECONDS,
  GAUGES,
  HANDLER_SECONDS,
  REQUEST_SECONDS,
  STREAM_ROUTES,
} from './measurements.ts';
import type { GaugeSample, Measurements } from './measurements.ts';
import { readNumber } from './samples.ts';
import type { Labels, Sample } from './samples.ts';
import { HISTORY_SECONDS, HISTORY_STEP_SECONDS } from './source.ts';
import type { MetricsSource } from './source.ts';

export interface PrometheusOptions {
  /** Such as `http://prometheus:9090`. */
  readonly url: string;
  readonly client: HttpClient;
  /** Three scrapes unless given: one that is missed leaves two, of which a rate can be taken. */
  readonly windowSeconds?: number;
}

/** One series, at one time or at many: seconds since 1970, and the value. */
interface Result {
  readonly metric: Labels;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

const QUERIES = ['requests', 'buckets', 'handled', 'cpu', 'gauges'] as const;
type Query = (typeof QUERIES)[number];

/** Reads what Prometheus scraped: five queries a reading, however many watch. */
export function createPrometheusSource({
  url,
  client,
  windowSeconds = 15,
}: PrometheusOptions): MetricsSource {
  const expressions = expressionsOver(`${windowSeconds}s`);

  async function ask(path: string, parameters: Readonly<Record<string, string>>): Promise<Results> {
    const answers = await Promise.all(
      QUERIES.map(async (name) => {
        const query = new URLSearchParams({ ...parameters, query: expressions[name] }).toString();
        const answer = await client.json({ method: 'GET', url: `${url}${path}?${query}` });
        const { data } = answer as { data: { result: readonly Result[] } };
        return [name, data.result] as const;
      }),
    );
    return Object.fromEntries(answers) as unknown as Results;
  }

  return {
    kind: 'prometheus',
    windowSeconds,
    start() {},
    async read(parts) {
      const time = Date.now();
      const results = await ask('/api/v1/query', { time: String(time / 1000) });
      return assemble(
        measurementsAt(time, results, ({ value }) => value?.[1]),
        parts,
      );
    },
    async history(parts: readonly Part[]) {
      const step = HISTORY_STEP_SECONDS;
      const end = Math.floor(Date.now() / 1000 / step) * step;
      const start = end - HISTORY_SECONDS;
      const results = await ask('/api/v1/query_range', {
        start: String(start),
        end: String(end),
        step: String(step),
      });
      const times = Array.from(
        { length: HISTORY_SECONDS / step + 1 },
        (_, at) => start + at * step,
      );
      const indexed = Object.fromEntries(
        QUERIES.map((name) => [name, results[name].map(byTime)]),
      ) as unknown as Readonly<Record<Query, readonly Indexed[]>>;
      const readings = times.map((time) =>
        assemble(
          measurementsAt(time * 1000, indexed, ({ at }) => at.get(time)),
          parts,
        ),
      );
      // Before the platform began there is nothing to show.
      const first = readings.findIndex(({ services }) => services.length > 0);
      return historyOf(first === -1 ? [] : readings.slice(first));
    },
    close() {},
  };
}

type Results = Readonly<Record<Query, readonly Result[]>>;

interface Indexed {
  readonly metric: Labels;
  readonly at: ReadonlyMap<number, string>;
}

function byTime({ metric, values = [] }: Result): Indexed {
  return { metric, at: new Map(values) };
}

function expressionsOver(window: string): Readonly<Record<Query, string>> {
  const requests = `{http_route!~"${STREAM_ROUTES}"}[${window}]`;
  return {
    requests: `sum by (job, instance, http_response_status_code) (rate(${REQUEST_SECONDS}_count${requests}))`,
    buckets: `sum by (job, le) (rate(${REQUEST_SECONDS}_bucket${requests}))`,
    handled: `sum by (queue, outcome, le) (rate(${HANDLER_SECONDS}_bucket[${window}]))`,
    cpu: `sum by (instance) (rate(${CPU_SECONDS}[${window}]))`,
    gauges: `{__name__=~"${GAUGES.join('|')}"}`,
  };
}

function measurementsAt<One extends { readonly metric: Labels }>(
  time: number,
  results: Readonly<Record<Query, readonly One[]>>,
  textOf: (one: One) => string | undefined,
): Measurements {
  const samples = (name: Query): Sample[] =>
    results[name].flatMap((one) => {
      const text = textOf(one);
      return text === undefined ? [] : [{ labels: labelsOf(one), value: readNumber(text) }];
    });
  return {
    time,
    requests: samples('requests'),
    buckets: samples('buckets'),
    handled: samples('handled'),
    cpu: samples('cpu'),
    gauges: samples('gauges').map(({ labels, value }): GaugeSample => ({
      name: labels['__name__'] ?? '',
      labels,
      value,
    })),
  };
}

/** A replica is known by its job: a worker says of itself the name of the service that it works for. */
function labelsOf({ metric }: { readonly metric: Labels }): Labels {
  return { ...metric, service: metric['job'] };
}
