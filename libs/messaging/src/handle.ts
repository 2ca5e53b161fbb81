import type { MessageMetrics } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import type { Outcome } from './outcome.ts';
import { outcomeOf } from './outcome.ts';
import type { Delivery, Handler, QueueDeclaration } from './types.ts';

export interface Handling {
  readonly queue: QueueDeclaration;
  readonly handler: Handler<never>;
  readonly log: Logger;
  readonly metrics: MessageMetrics | undefined;
}

export interface Handled {
  /** `abandoned`: the handler ended because its signal was aborted, which is no failed attempt. */
  readonly outcome: { readonly kind: 'done' } | { readonly kind: 'abandoned' } | Outcome;
  readonly durationSeconds: number;
}

/** Runs the handler for one delivery; it never rejects. */
export async function handle(
  { queue, handler, log, metrics }: Handling,
  delivery: Delivery,
  publishedAt: Date,
): Promise<Handled> {
  // Later attempts have waited on purpose, which says nothing about how far the consumers are behind.
  if (delivery.attempt === 1) {
    metrics?.queueAge(queue.name, Math.max(0, Date.now() - publishedAt.getTime()) / 1000);
  }
  const started = performance.now();
  const took = () => (performance.now() - started) / 1000;
  try {
    await handler(delivery as Delivery<never>);
    return { outcome: { kind: 'done' }, durationSeconds: took() };
  } catch (error) {
    if (delivery.signal.aborted) return { outcome: { kind: 'abandoned' }, durationSeconds: took() };
    const outcome = outcomeOf(error, delivery.attempt, queue.retryDelaysMs);
    log.warn(
      {
        err: error,
        queue: queue.name,
        messageId: delivery.id,
        attempt: delivery.attempt,
        traceparent: delivery.headers['traceparent'],
        outcome,
      },
      outcome.kind === 'retry' ? 'Message failed; it is tried again' : 'Message given up',
    );
    return { outcome, durationSeconds: took() };
  }
}

const METRIC_OUTCOMES = {
  done: 'acknowledged',
  retry: 'retried',
  'dead-letter': 'dead-lettered',
} as const;

/** Counts a delivery once it is settled. */
export function countHandled(
  metrics: MessageMetrics | undefined,
  queue: string,
  { outcome, durationSeconds }: Handled,
): void {
  if (outcome.kind === 'abandoned') return;
  metrics?.consumed(queue, METRIC_OUTCOMES[outcome.kind], durationSeconds);
}
