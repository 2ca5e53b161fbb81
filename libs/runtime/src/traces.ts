import { hostname } from 'node:os';
import type { MetricsRegistry } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import { openTraceExport } from '@woodytoys/tracing';
import type { TraceExport } from '@woodytoys/tracing';
import type { TraceSettings } from './trace-config.ts';

export interface TracesOptions {
  readonly settings: TraceSettings;
  /** Of the release. */
  readonly version: string;
  readonly log: Logger;
  readonly registry: MetricsRegistry;
}

/** Opens the way out for a process's traces; undefined when no address is set, and nothing is loaded. */
export async function openTraces({
  settings,
  version,
  log,
  registry,
}: TracesOptions): Promise<TraceExport | undefined> {
  const url = addressOf(settings);
  if (url === undefined) return undefined;
  return openTraceExport({
    url,
    sampler: settings.OTEL_TRACES_SAMPLER,
    ratio: settings.OTEL_TRACES_SAMPLER_ARG,
    version,
    instance: `${hostname()}:${process.pid}`,
    log,
    dropped: registry.droppedSpans(),
  });
}

function addressOf(settings: TraceSettings): string | undefined {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole, OTEL_EXPORTER_OTLP_ENDPOINT: base } = settings;
  if (whole !== undefined || base === undefined) return whole;
  const address = new URL(base);
  address.pathname = `${address.pathname.replace(/\/$/, '')}/v1/traces`;
  return address.href;
}
