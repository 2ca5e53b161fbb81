import { Registry } from 'prom-client';
import type { Metric, OpenMetricsContentType } from 'prom-client';
import type { Exposition } from './types.ts';

/** What the text formats need of an instrument; prom-client's have it too. */
export interface Instrument {
  readonly name: string;
  readonly type: string;
  get(): Promise<object>;
  /** Like `get()`, with the labels that lines share kept apart. */
  getForPromString?(): Promise<object>;
}

/** The text formats of Prometheus over one set of instruments. */
export interface Expositions {
  add(instrument: Instrument): void;
  /** @param accept the header of the scrape: OpenMetrics, which has exemplars, where it asks for it. */
  write(accept: string | undefined): Promise<Exposition>;
  clear(): void;
}

/** Makes both formats, with nothing in them. */
export function createExpositions(): Expositions {
  const plain = new Registry();
  const openMetrics = new Registry<OpenMetricsContentType>();
  openMetrics.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return {
    add(instrument) {
      plain.registerMetric(instrument as unknown as Metric);
      openMetrics.registerMetric(openMetricsView(instrument) as unknown as Metric);
    },
    async write(accept) {
      const registry = asksForOpenMetrics(accept) ? openMetrics : plain;
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
    clear() {
      plain.clear();
      openMetrics.clear();
    },
  };
}

/** OpenMetrics names a counter without `_total`, and prom-client would rename the instrument itself. */
function openMetricsView(instrument: Instrument): object {
  const name = instrument.name.replace(/_total$/, '');
  const read = () => instrument.getForPromString?.() ?? instrument.get();
  return {
    name,
    type: instrument.type,
    getForPromString: async () => ({ ...(await read()), name }),
  };
}

/**
 * Whether a scrape would rather have OpenMetrics than plain text: the higher `q` of RFC 9110, and
 * plain text where the header does not tell.
 */
function asksForOpenMetrics(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  let openMetrics = 0;
  let plain = 0;
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const quality = weight === undefined ? 1 : Number(weight.slice(2)) || 0;
    if (type === 'application/openmetrics-text') openMetrics = Math.max(openMetrics, quality);
    if (type === 'text/plain') plain = Math.max(plain, quality);
  }
  return openMetrics > 0 && openMetrics >= plain;
}
