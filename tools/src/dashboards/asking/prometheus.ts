/** One series of a range query; an instant query gives one point each. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970 and value, in the order of time. */
  readonly points: readonly (readonly [number, number])[];
}

/** A request that carries the id of its trace. */
export interface Exemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly time: number;
}

/** Seconds since 1970. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

export interface Prometheus {
  range(expr: string, range: TimeRange, stepSeconds: number): Promise<readonly Series[]>;
  instant(expr: string, at: number): Promise<readonly Series[]>;
  /** Of a label, over the series that a selector takes. */
  labelValues(selector: string, label: string, range: TimeRange): Promise<readonly string[]>;
  exemplars(expr: string, range: TimeRange): Promise<readonly Exemplar[]>;
  /** Any path of its HTTP API, such as `rules`. */
  api<Answer>(path: string, parameters?: Readonly<Record<string, string>>): Promise<Answer>;
}

type Points = readonly (readonly [number, string])[];
interface Matrix {
  readonly resultType: string;
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>;
    readonly values?: Points;
    readonly value?: readonly [number, string];
  }[];
}

/**
 * Asks a Prometheus over HTTP.
 *
 * @param url such as `http://127.0.0.1:9090`.
 * @throws from each method, with what Prometheus says of an expression that it refuses.
 */
export function createPrometheus(url: string): Prometheus {
  async function api<Answer>(
    path: string,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`, {
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    let answer: { status?: string; error?: string; data?: Answer };
    try {
      answer = JSON.parse(text) as typeof answer;
    } catch {
      throw new Error(`Prometheus answered ${response.status} to ${path}: ${text.slice(0, 200)}`);
    }
    if (answer.status !== 'success') {
      const asked = parameters['query'] ?? path;
      throw new Error(`Prometheus refused "${asked}": ${answer.error ?? response.status}`);
    }
    return answer.data as Answer;
  }

  return {
    api,
    async range(query, { from, to }, step) {
      const data = await api<Matrix>('query_range', {
        query,
        start: String(from),
        end: String(to),
        step: String(step),
      });
      return seriesOf(data);
    },
    async instant(query, at) {
      return seriesOf(await api<Matrix>('query', { query, time: String(at) }));
    },
    labelValues: (selector, label, { from, to }) =>
      api(`label/${label}/values`, { 'match[]': selector, start: String(from), end: String(to) }),
    async exemplars(query, { from, to }) {
      const found = await api<
        readonly {
          readonly seriesLabels: Exemplar['labels'];
          readonly exemplars: readonly { value: string; timestamp: number }[];
        }[]
      >('query_exemplars', { query, start: String(from), end: String(to) });
      return found.flatMap(({ seriesLabels, exemplars }) =>
        exemplars.map(({ value, timestamp }) => ({
          labels: seriesLabels,
          value: Number(value),
          time: timestamp,
        })),
      );
    },
  };
}

function seriesOf({ result }: Matrix): Series[] {
  return result.map(({ metric, values, value }) => ({
    labels: metric,
    points: (values ?? (value ? [value] : [])).map(([time, text]) => [time, Number(text)] as const),
  }));
}
