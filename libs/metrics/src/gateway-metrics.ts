import { perLabels } from './children.ts';
import type { Instruments } from './instruments.ts';
import { BREAKER_STATES } from './readings.ts';
import type { Readings } from './readings.ts';
import type { Tallies } from './tallies.ts';
import type { GatewayMetrics, RateLimitOutcome } from './types.ts';

export interface GatewayMetricsDependencies {
  readonly instruments: Instruments;
  readonly readings: Readings;
  readonly tallies: Tallies;
}

/**
 * Counts the decisions of a gateway. Counters begin at 0 as soon as the values of their labels are
 * known: a limiter's with its first decision, an upstream's with the first scrape that knows it.
 */
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
    const outcome = (name: RateLimitOutcome) =>
      tallies.tally('gatewayRateLimit', service, limiter, name);
    return {
      passed: outcome('passed'),
      refused: outcome('refused'),
      unchecked: outcome('unchecked'),
      closed: outcome('closed'),
      'passed-locally': outcome('passed-locally'),
      'refused-locally': outcome('refused-locally'),
    };
  });
  for (const outcome of ['done', 'refused']) {
    instruments.counter('gatewayReloads').inc({ service, outcome }, 0);
  }
  const beginUpstream = perLabels((upstream: string) => {
    for (const reason of ['circuit_open', 'in_flight', 'retry_budget']) {
      instruments.counter('gatewayRefusals').inc({ service, upstream, reason }, 0);
    }
    for (const to of BREAKER_STATES) {
      instruments.counter('gatewayBreakerTransitions').inc({ service, upstream, to }, 0);
    }
    instruments.counter('gatewayEjections').inc({ service, upstream }, 0);
    return true;
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
    upstreams: (read) =>
      readings.upstreams(service, () => {
        const states = read();
        for (const { upstream } of states) beginUpstream(upstream);
        return states;
      }),
  };
}
