import { perLabels } from './children.ts';
import type { Instruments } from './instruments.ts';
import type { Readings } from './readings.ts';
import type { GatewayMetrics } from './types.ts';

/** Counts the decisions of a gateway; a limiter's counters exist from its first decision on, at 0. */
export function createGatewayMetrics(
  instruments: Instruments,
  readings: Readings,
  service: string,
): GatewayMetrics {
  const retries = perLabels((upstream: string, reason: string) =>
    instruments.counter('gatewayRetries').labels(service, upstream, reason),
  );
  const refusals = perLabels((upstream: string, reason: string) =>
    instruments.counter('gatewayRefusals').labels(service, upstream, reason),
  );
  const mirrored = perLabels((upstream: string, outcome: string) =>
    instruments.counter('gatewayMirrored').labels(service, upstream, outcome),
  );
  const limiters = perLabels((limiter: string) => {
    const decisions = instruments.counter('gatewayRateLimit');
    const counters = {
      passed: decisions.labels(service, limiter, 'passed'),
      refused: decisions.labels(service, limiter, 'refused'),
      unchecked: decisions.labels(service, limiter, 'unchecked'),
      closed: decisions.labels(service, limiter, 'closed'),
      'passed-locally': decisions.labels(service, limiter, 'passed-locally'),
      'refused-locally': decisions.labels(service, limiter, 'refused-locally'),
    };
    for (const counter of Object.values(counters)) counter.inc(0);
    return counters;
  });
  return {
    retry: (upstream, reason) => retries(upstream, reason).inc(),
    rateLimit: (limiter, outcome) => limiters(limiter)[outcome].inc(),
    decision(route, decider, outcome) {
      const counter = instruments
        .counter('gatewayDecisions')
        .labels(service, route, decider, outcome);
      return () => counter.inc();
    },
    streamOpened(route, kind) {
      const gauge = instruments.gauge('gatewayStreams').labels(service, route, kind);
      gauge.inc();
      return () => gauge.dec();
    },
    drift: (upstream, operation, kind) =>
      instruments.counter('gatewayContractDrift').inc({ service, upstream, operation, kind }),
    deadlineBurn(route) {
      const histogram = instruments.histogram('gatewayDeadlineBurn').labels(service, route);
      return (ratio) => histogram.observe(ratio);
    },
    bulkhead: (name, read) => readings.bulkhead(service, name, read),
    reload: (outcome) => instruments.counter('gatewayReloads').inc({ service, outcome }),
    refusal: (upstream, reason) => refusals(upstream, reason).inc(),
    breakerTransition: (upstream, to) =>
      instruments.counter('gatewayBreakerTransitions').inc({ service, upstream, to }),
    ejection: (upstream) => instruments.counter('gatewayEjections').inc({ service, upstream }),
    mirrored: (upstream, outcome) => mirrored(upstream, outcome).inc(),
    upstreams: (read) => readings.upstreams(service, read),
  };
}
