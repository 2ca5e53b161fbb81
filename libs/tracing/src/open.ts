import type { DropReason, SamplerName, TraceExport } from './types.ts';

/** The part of a pino logger that tells of the collector. */
export interface TraceLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface TraceExportOptions {
  /** Where batches are posted, as OTLP over HTTP in JSON: `http://collector:4318/v1/traces`. */
  readonly url: string;
  /** Which traces are kept; `parentbased_always_on` unless given. */
  readonly sampler?: SamplerName;
  /** The share that the samplers by ratio keep, 0 to 1; 1 unless given. */
  readonly ratio?: number;
  /** `service.version`. */
  readonly version: string;
  /** `service.instance.id`: no other process of the service has the same. */
  readonly instance: string;
  readonly log: TraceLog;
  /** Told of spans that are lost. */
  readonly dropped?: (count: number, reason: DropReason) => void;
  /** Ended spans that wait for their batch, over all services; one more is dropped. 8,192 unless given. */
  readonly maxQueued?: number;
  /** The longest that a span waits for its batch; 1,000 unless given. */
  readonly delayMs?: number;
  /** How long the collector may take over a batch, attempts included; 5,000 unless given. */
  readonly exportTimeoutMs?: number;
  /** How long `close()` waits for the collector; 3,000 unless given. */
  readonly closeTimeoutMs?: number;
}

/** Loads OpenTelemetry and opens the way out. Without this call nothing of it is in memory. */
export async function openTraceExport(options: TraceExportOptions): Promise<TraceExport> {
  const { createTraceExport } = await import('./otel/trace-export.ts');
  return createTraceExport(options);
}
