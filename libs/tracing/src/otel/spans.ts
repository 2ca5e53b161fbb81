import { ROOT_CONTEXT, SpanKind as OtelKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type {
  Context,
  Span as OtelSpan,
  SpanContext,
  SpanOptions,
  Tracer,
} from '@opentelemetry/api';
import type { Attributes, Span, SpanKind } from '../types.ts';

const KINDS: Readonly<Record<SpanKind, SpanOptions>> = {
  internal: { kind: OtelKind.INTERNAL },
  server: { kind: OtelKind.SERVER },
  client: { kind: OtelKind.CLIENT },
  producer: { kind: OtelKind.PRODUCER },
  consumer: { kind: OtelKind.CONSUMER },
};

/** Begins a span below `parent`, whose sampling it shares unless the sampler says otherwise. */
export function beginSpan(
  tracer: Tracer,
  parent: Context,
  name: string,
  kind: SpanKind,
  attributes: Attributes | undefined,
): Span {
  const span = tracer.startSpan(name, KINDS[kind], parent);
  if (!span.isRecording()) return new UnsampledSpan(span.spanContext());
  // Not with the start, where the SDK checks them twice, and for spans too that nobody keeps.
  if (attributes !== undefined) span.setAttributes(attributes);
  return new RecordingSpan(tracer, span);
}

function traceparentOf({ traceId, spanId }: SpanContext, flags: '00' | '01'): string {
  return `00-${traceId}-${spanId}-${flags}`;
}

/** A span that will be exported. */
class RecordingSpan implements Span {
  readonly recording = true;
  readonly traceId: string;
  readonly traceparent: string;
  readonly #tracer: Tracer;
  readonly #span: OtelSpan;
  #context: Context | undefined;

  constructor(tracer: Tracer, span: OtelSpan) {
    const context = span.spanContext();
    this.traceId = context.traceId;
    this.traceparent = traceparentOf(context, '01');
    this.#tracer = tracer;
    this.#span = span;
  }

  child(name: string, kind: SpanKind, attributes?: Attributes): Span {
    this.#context ??= trace.setSpan(ROOT_CONTEXT, this.#span);
    return beginSpan(this.#tracer, this.#context, name, kind, attributes);
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  rename(name: string): void {
    this.#span.updateName(name);
  }

  fail(type: string, message?: string): void {
    this.#span.setAttribute('error.type', type);
    this.#span.setStatus({
      code: SpanStatusCode.ERROR,
      ...(message !== undefined && { message }),
    });
  }

  end(): void {
    this.#span.end();
  }
}

/** Carries the decision that its trace is not kept to all that works for it. */
class UnsampledSpan implements Span {
  readonly recording = false;
  readonly traceId: string;
  readonly traceparent: string;

  constructor(context: SpanContext) {
    this.traceId = context.traceId;
    this.traceparent = traceparentOf(context, '00');
  }

  child(): Span {
    return this;
  }

  set(): void {}
  rename(): void {}
  fail(): void {}
  end(): void {}
}
