import { choice, decimal, url } from '@woodytoys/service';
import { SAMPLERS } from '@woodytoys/tracing';
import type { SamplerName } from '@woodytoys/tracing';

/** Where traces go and how many; the names are OpenTelemetry's. */
export const traceConfig = {
  OTEL_EXPORTER_OTLP_ENDPOINT: url(undefined, ['http', 'https'])
    .optional()
    .describe(
      'Where the collector of traces is; `/v1/traces` is appended. Without an address there are no traces.',
    ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url(undefined, ['http', 'https'])
    .optional()
    .describe('The same as a whole address, before the other.'),
  OTEL_TRACES_SAMPLER: choice(SAMPLERS, 'parentbased_always_on').describe(
    'Which traces are kept; `parentbased` ones follow the caller.',
  ),
  OTEL_TRACES_SAMPLER_ARG: decimal({ min: 0, max: 1, default: 1 }).describe(
    'The share that is kept by the samplers by ratio.',
  ),
};

/** What was read with `traceConfig`. */
export interface TraceSettings {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT: string | undefined;
  readonly OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: string | undefined;
  readonly OTEL_TRACES_SAMPLER: SamplerName;
  readonly OTEL_TRACES_SAMPLER_ARG: number;
}
