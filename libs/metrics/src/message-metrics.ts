import { perLabels } from './children.ts';
import type { Instruments } from './instruments.ts';
import type { Readings } from './readings.ts';
import type { MessageMetrics } from './types.ts';

export interface MessageMetricsDependencies {
  readonly instruments: Instruments;
  readonly readings: Readings;
}

/** Measures what a service publishes and consumes; counters begin at 0, before the first message. */
export function createMessageMetrics(
  { instruments, readings }: MessageMetricsDependencies,
  service: string,
): MessageMetrics {
  const duration = instruments.histogram('messageHandlerDuration');
  const exchanges = perLabels((exchange: string) => {
    const published = instruments.counter('messagesPublished');
    const counters = {
      confirmed: published.labels(service, exchange, 'confirmed'),
      failed: published.labels(service, exchange, 'failed'),
    };
    for (const counter of Object.values(counters)) counter.inc(0);
    return counters;
  });
  const queues = perLabels((queue: string) => {
    const outcomes = {
      acknowledged: duration.labels(service, queue, 'acknowledged'),
      retried: duration.labels(service, queue, 'retried'),
      'dead-lettered': duration.labels(service, queue, 'dead-lettered'),
    };
    const redelivered = instruments.counter('messagesRedelivered').labels(service, queue);
    redelivered.inc(0);
    const age = instruments.histogram('messageQueueAge').labels(service, queue);
    return { outcomes, redelivered, age };
  });
  const connected = instruments.gauge('brokerConnected').labels(service);

  return {
    declared: (exchange) => void exchanges(exchange),
    consuming: (queue) => void queues(queue),
    published: (exchange, outcome) => exchanges(exchange)[outcome].inc(),
    consumed: (queue, outcome, durationSeconds) =>
      queues(queue).outcomes[outcome].observe(durationSeconds),
    redelivered: (queue) => queues(queue).redelivered.inc(),
    // Clocks of two machines differ: a message may seem to come from the future.
    queueAge: (queue, seconds) => queues(queue).age.observe(Math.max(0, seconds)),
    connected: (up) => connected.set(up ? 1 : 0),
    queues: (read) => readings.queues(service, read),
  };
}
