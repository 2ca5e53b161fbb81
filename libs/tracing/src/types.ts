/**
 * Words used here, as OpenTelemetry has them.
 *
 * - span: one piece of work with a begin, an end and attributes; a trace is the tree of them.
 * - traceparent: the header of W3C Trace Context: trace, span, and whether the trace is sampled.
 * - recording: the trace is sampled, so the span will be exported; any other span is ids alone.
 */

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** Names are those of OpenTelemetry's semantic conventions where it has one. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Handed on to whoever works for this span, in a header of the request or message. */
  readonly traceparent: string;
  /** When false, nothing that is told to the span or to its children is kept. */
  readonly recording: boolean;
  /** Begins a part of this span's work, in the name of the same service. */
  child(name: string, kind: SpanKind, attributes?: Attributes): Span;
  set(attributes: Attributes): void;
  rename(name: string): void;
  /** Marks the work as failed; `type` is a status, a code or the name of an error class. */
  fail(type: string, message?: string): void;
  /** To be called once. */
  end(): void;
}

/** Makes the spans of one service. There is none while tracing is off. */
export interface Tracing {
  /**
   * Begins the work that another process asks for: in the trace of its `traceparent`, or in a new one
   * when that is missing or is none.
   */
  begin(
    name: string,
    kind: SpanKind,
    traceparent: string | undefined,
    attributes?: Attributes,
  ): Span;
  /** The span that the running code works for. */
  current(): Span | undefined;
  /** Runs `work`, and whatever it calls or awaits, for this span. */
  run<T>(span: Span, work: () => T): T;
}

/** The way out for the spans of all services of a process. */
export interface TraceExport {
  /** The same one for the same name; its spans have it as `service.name`. */
  service(name: string): Tracing;
  /** Sends what is left, for as long as was said at the opening; later spans are lost. */
  close(): Promise<void>;
}

/** Those of `OTEL_TRACES_SAMPLER` that need no server. */
export const SAMPLERS = [
  'parentbased_always_on',
  'parentbased_traceidratio',
  'parentbased_always_off',
  'always_on',
  'traceidratio',
  'always_off',
] as const;

export type SamplerName = (typeof SAMPLERS)[number];

/** Why spans were lost: there was no room for more, or the collector has not taken them. */
export type DropReason = 'queue_full' | 'export_failed';
