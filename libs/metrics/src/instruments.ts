import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { CATALOGUE } from './catalogue.ts';
import type {
  CounterKey,
  GaugeKey,
  HistogramKey,
  MetricDefinition,
  MetricKey,
} from './catalogue.ts';

/** The catalogue's metrics as prom-client instruments of one registry, each made when first used. */
export interface Instruments {
  readonly registry: Registry;
  counter(key: CounterKey): Counter;
  gauge(key: GaugeKey): Gauge;
  histogram(key: HistogramKey): Histogram;
}

/** Makes an empty set of instruments. */
export function createInstruments(): Instruments {
  const registry = new Registry();
  const instruments = new Map<MetricKey, Counter | Gauge | Histogram>();
  const instrument = (key: MetricKey) => {
    let found = instruments.get(key);
    if (found === undefined) {
      found = createInstrument(CATALOGUE[key], registry);
      instruments.set(key, found);
    }
    return found;
  };
  return {
    registry,
    counter: (key) => instrument(key) as Counter,
    gauge: (key) => instrument(key) as Gauge,
    histogram: (key) => instrument(key) as Histogram,
  };
}

function createInstrument(
  { name, kind, labels, help, buckets }: MetricDefinition,
  registry: Registry,
): Counter | Gauge | Histogram {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  switch (kind) {
    case 'counter':
      return new Counter(options);
    case 'gauge':
      return new Gauge(options);
    case 'histogram':
      return new Histogram({ ...options, buckets: [...(buckets ?? [])] });
  }
}
