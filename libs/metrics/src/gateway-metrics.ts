import { perLabels } from './children.ts';
import type { Instruments } from './instruments.ts';
import type { Readings } from './readings.ts';
import type { Tallies } from './tallies.ts';
import type { GatewayMetrics, RateLimitOutcome } from './types.ts';

export interface GatewayMetricsDependencies {
  readonly instruments: Instruments;
  readonly readings: Readings;
  readonly tallies: Tallies;
}

/** Counts the decisions of a gateway; a limiter's counters exist from its first decision on, at 0. */
export function createGatewayMetrics(
  { instruments, readings, tallies }: GatewayMetricsDependencies,
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
    const outcome = (name: RateLimitOutcome) => {
      instruments.counter('gatewayRateLimit').labels(service, limiter, name).inc(0);
      return tallies.tally('gatewayRateLimit', service, limiter, name);
    };
    return {
      passed: outcome('passed'),
      refused: outcome('refused'),
      unchecked: outcome('unchecked'),
      closed: outcome('closed'),
      'passed-locally': outcome('passed-locally'),
      'refused-locally': outcome('refused-locally'),
    };
  });
  return {
    retry: (upstream, reason) => retries(upstream, reason).inc(),
    rateLimit: (limiter, outcome) => limiters(limiter)[outcome](),
    decision: (route, decider, outcome) =>
      tallies.tally('gatewayDecisions', service, route, decider, outcome),
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
