import { Counter, Gauge } from 'prom-client';
import { CATALOGUE } from './catalogue.ts';
import type {
  CounterKey,
  GaugeKey,
  HistogramKey,
  MetricDefinition,
  MetricKey,
} from './catalogue.ts';
import { createExpositions } from './exposition.ts';
import type { Expositions, Instrument } from './exposition.ts';
import { Histogram } from './histogram.ts';

/** The catalogue's metrics as instruments of one process, each made when first used. */
export interface Instruments {
  readonly expositions: Expositions;
  counter(key: CounterKey): Counter;
  gauge(key: GaugeKey): Gauge;
  histogram(key: HistogramKey): Histogram;
}

/** Makes an empty set of instruments. */
export function createInstruments(): Instruments {
  const expositions = createExpositions();
  const instruments = new Map<MetricKey, Counter | Gauge | Histogram>();
  const instrument = (key: MetricKey) => {
    let found = instruments.get(key);
    if (found === undefined) {
      found = createInstrument(CATALOGUE[key]);
      expositions.add(found as unknown as Instrument);
      instruments.set(key, found);
    }
    return found;
  };
  return {
    expositions,
    counter: (key) => instrument(key) as Counter,
    gauge: (key) => instrument(key) as Gauge,
    histogram: (key) => instrument(key) as Histogram,
  };
}

function createInstrument({
  name,
  kind,
  labels,
  help,
  buckets = [],
}: MetricDefinition): Counter | Gauge | Histogram {
  const options = { name, help, labelNames: [...labels], registers: [] };
  switch (kind) {
    case 'counter':
      return new Counter(options);
    case 'gauge':
      return new Gauge(options);
    case 'histogram':
      return new Histogram({ ...options, buckets });
  }
}
