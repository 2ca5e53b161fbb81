/** What one combination of labels has seen. */
export interface HistogramChild {
  /**
   * @param traceId 32 hex digits; kept as the exemplar of the value's bucket until the next one.
   * @throws TypeError for a value that is not a finite number.
   */
  observe(value: number, traceId?: string): void;
}

export interface HistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds, growing. */
  readonly buckets: readonly number[];
}

/** One line of the text format. */
interface Line {
  readonly metricName: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Labels of all lines of a child, which the registry formats once. */
  readonly sharedLabels: Readonly<Record<string, string>>;
  readonly exemplar?: Exemplar | undefined;
}

/** What prom-client's registry asks of an instrument. */
interface Family<Value> {
  readonly name: string;
  readonly help: string;
  readonly type: 'histogram';
  readonly aggregator: 'sum';
  readonly values: readonly Value[];
}

interface Exemplar {
  readonly labelSet: { readonly trace_id: string };
  readonly value: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/**
 * A histogram as prom-client's registry reads one, whose observations are additions to an array:
 * prom-client's own looks its labels up again at each, bound or not, which takes a microsecond and
 * more of every request.
 */
export class Histogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #labelNames: readonly string[];
  readonly #bounds: Float64Array;
  readonly #children = new Map<string, Child>();

  constructor({ name, help, labelNames, buckets }: HistogramOptions) {
    this.name = name;
    this.help = help;
    this.#labelNames = labelNames;
    this.#bounds = Float64Array.from(buckets);
  }

  /** The child of these values of the labels, in their order; from now on it is shown, at 0 at first. */
  labels(...values: readonly string[]): HistogramChild {
    const key = JSON.stringify(values);
    let child = this.#children.get(key);
    if (child === undefined) {
      const pairs = this.#labelNames.map((label, index) => [label, values[index] ?? '']);
      child = new Child(this.#bounds, Object.fromEntries(pairs) as Record<string, string>);
      this.#children.set(key, child);
    }
    return child;
  }

  /** As prom-client's `get()`: every label on each value. */
  async get(): Promise<Family<Omit<Line, 'sharedLabels'>>> {
    const { values, ...rest } = await this.getForPromString();
    return {
      ...rest,
      values: values.map(({ sharedLabels, labels, ...value }) => ({
        ...value,
        labels: { ...labels, ...sharedLabels },
      })),
    };
  }

  async getForPromString(): Promise<Family<Line>> {
    const { name, help, type, aggregator } = this;
    const values = [...this.#children.values()].flatMap((child) => child.lines(name));
    return { name, help, type, aggregator, values };
  }
}

class Child implements HistogramChild {
  readonly #labels: Readonly<Record<string, string>>;
  readonly #bounds: Float64Array;
  /** One more than the bounds: the last is for what is above all. */
  readonly #counts: Float64Array;
  #sum = 0;
  #exemplars: Exemplars | undefined;

  constructor(bounds: Float64Array, labels: Readonly<Record<string, string>>) {
    this.#bounds = bounds;
    this.#labels = labels;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number, traceId?: string): void {
    if (!Number.isFinite(value)) {
      throw new TypeError(`A histogram was given ${value}; give it a finite number.`);
    }
    const bounds = this.#bounds;
    // From below: most values are in the first buckets, where halving would take more steps.
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum += value;
    if (traceId === undefined) return;
    const exemplars = (this.#exemplars ??= new Exemplars(this.#counts.length));
    exemplars.traceIds[bucket] = traceId;
    exemplars.values[bucket] = value;
    exemplars.times[bucket] = Date.now();
  }

  lines(name: string): Line[] {
    const sharedLabels = this.#labels;
    const lines: Line[] = [];
    let total = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      total += count;
      lines.push({
        metricName: `${name}_bucket`,
        labels: { le: this.#bounds[bucket] ?? '+Inf' },
        sharedLabels,
        value: total,
        exemplar: this.#exemplars?.at(bucket),
      });
    }
    lines.push({ metricName: `${name}_sum`, labels: {}, sharedLabels, value: this.#sum });
    lines.push({ metricName: `${name}_count`, labels: {}, sharedLabels, value: total });
    return lines;
  }
}

/** The last traced value of each bucket: fields that are written over, so that none costs memory. */
class Exemplars {
  readonly traceIds: (string | undefined)[];
  readonly values: Float64Array;
  /** Milliseconds since 1970. */
  readonly times: Float64Array;

  constructor(buckets: number) {
    this.traceIds = Array.from({ length: buckets }, () => undefined);
    this.values = new Float64Array(buckets);
    this.times = new Float64Array(buckets);
  }

  at(bucket: number): Exemplar | undefined {
    const trace_id = this.traceIds[bucket];
    if (trace_id === undefined) return undefined;
    const timestamp = (this.times[bucket] as number) / 1000;
    return { labelSet: { trace_id }, value: this.values[bucket] as number, timestamp };
  }
}
