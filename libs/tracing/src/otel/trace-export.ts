import { AsyncLocalStorage } from 'node:async_hooks';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions';
import type { TraceExportOptions } from '../open.ts';
import type { Span, TraceExport, Tracing } from '../types.ts';
import { createQueue } from './queue.ts';
import { createSampler } from './sampler.ts';
import { beginSpan } from './spans.ts';

/**
 * OpenTelemetry's SDK behind our port: a provider for each service, since a resource is a provider's,
 * and one queue, one exporter and one context for all. Nothing is registered globally.
 */
export function createTraceExport(options: TraceExportOptions): TraceExport {
  const { version, instance, sampler = 'parentbased_always_on', ratio = 1 } = options;
  const queue = createQueue(options);
  const spanSampler = createSampler(sampler, ratio);
  const running = new AsyncLocalStorage<Span>();
  const services = new Map<string, Tracing>();
  let closing: Promise<void> | undefined;

  function createTracing(name: string): Tracing {
    const provider = new TracerProvider({
      resource: defaultResource().merge(
        resourceFromAttributes({
          [ATTR_SERVICE_NAME]: name,
          [ATTR_SERVICE_VERSION]: version,
          [ATTR_SERVICE_INSTANCE_ID]: instance,
        }),
      ),
      sampler: spanSampler,
      spanProcessors: [queue],
      spanLimits: { attributeValueLengthLimit: 1_024 },
    });
    const tracer = provider.getTracer('@woodytoys/tracing');
    const tracing: Tracing = {
      begin: (span, kind, traceparent, attributes) =>
        beginSpan(tracer, contextOf(traceparent), span, kind, attributes),
      current: () => running.getStore(),
      run: (span, work) => running.run(span, work),
    };
    services.set(name, tracing);
    return tracing;
  }

  return {
    service: (name) => services.get(name) ?? createTracing(name),
    close: () => (closing ??= shutDown(queue, options.closeTimeoutMs ?? 3_000)),
  };
}

/** Longer than any valid one; a later version of the header may have more fields. */
const MAX_TRACEPARENT = 256;

function contextOf(traceparent: string | undefined): Context {
  if (traceparent === undefined || traceparent.length > MAX_TRACEPARENT) return ROOT_CONTEXT;
  const parent = parseTraceParent(traceparent);
  return parent === null
    ? ROOT_CONTEXT
    : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
}

/** What the collector has not taken by then was told in the log or is lost with the process. */
async function shutDown(queue: SpanProcessor, timeoutMs: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, timeoutMs);
  await Promise.race([queue.shutdown().catch(() => {}), late.promise]);
  clearTimeout(timer);
}
