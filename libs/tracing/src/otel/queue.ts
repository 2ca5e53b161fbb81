import { createNoopMeter } from '@opentelemetry/api';
import type { Counter, MeterProvider } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { TraceExportOptions, TraceLog } from '../open.ts';
import type { DropReason } from '../types.ts';

const BATCH = 512;

/** Every batch that a full queue can hold may be on its way at once, at the end. */
const CONCURRENT_EXPORTS = 32;

/**
 * Queues ended spans and sends them in batches. Nobody ever waits for the collector: what does not
 * fit, or is not taken in time, is dropped, counted and told in the log once for each outage.
 */
export function createQueue(options: TraceExportOptions): SpanProcessor {
  const { url, log, dropped = () => {}, exportTimeoutMs = 5_000 } = options;
  const exporter = new OTLPTraceExporter({
    url,
    timeoutMillis: exportTimeoutMs,
    concurrencyLimit: CONCURRENT_EXPORTS,
  });
  return new BatchSpanProcessor({
    exporter: watched(exporter, { url, log, dropped }),
    maxExportBatchSize: BATCH,
    maxQueueSize: options.maxQueued ?? 8_192,
    scheduledDelayMillis: options.delayMs ?? 1_000,
    // The exporter's own limit comes first, so that its result is always heard.
    exportTimeoutMillis: exportTimeoutMs + 1_000,
    selfObsMeterProvider: overflowMeter((count) => dropped(count, 'queue_full')),
  });
}

/** Tells of batches that the collector has not taken. */
function watched(
  exporter: SpanExporter,
  {
    url,
    log,
    dropped,
  }: {
    readonly url: string;
    readonly log: TraceLog;
    readonly dropped: (count: number, reason: DropReason) => void;
  },
): SpanExporter {
  let failing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.code !== ExportResultCode.SUCCESS;
        if (failed) dropped(spans.length, 'export_failed');
        if (failed && !failing) {
          log.warn(
            { collector: originOf(url), reason: result.error?.message, spans: spans.length },
            'the collector does not take traces; they are dropped until it does',
          );
        }
        if (!failed && failing) log.info({ collector: originOf(url) }, 'traces are taken again');
        failing = failed;
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}

/** Without what may be secret in a URL. */
function originOf(url: string): string {
  return new URL(url).origin;
}

/** The SDK tells of spans for which its queue has no room by a metric alone. */
function overflowMeter(overflow: (count: number) => void): MeterProvider {
  const counter: Counter = {
    add(count, attributes) {
      if (attributes?.['error.type'] === 'queue_full') overflow(count);
    },
  };
  const meter = Object.assign(createNoopMeter(), { createCounter: () => counter });
  return { getMeter: () => meter };
}
