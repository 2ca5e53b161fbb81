import type { Logger } from '@woodytoys/service';
import type { GatewayMetrics } from '../metrics.ts';
import type { Closable } from '../plugin.ts';
import type { Drift } from './answer-validator.ts';

/** How often the same kind of drift is told. */
const LOG_EVERY_MS = 60_000;

/** Where answers of one upstream that are not as its contract has them are counted and told. */
export interface DriftReport extends Closable {
  /** The metric has every one, the log one of a kind and minute. */
  tell(operation: string, drift: Drift, requestId: string): void;
}

export function createDriftReport(
  upstream: string,
  metrics: GatewayMetrics,
  log: Logger,
): DriftReport {
  const told = new Map<string, { readonly until: number; untold: number }>();
  return {
    tell(operation, { kind, detail, errors }, requestId) {
      metrics.gateway.drift(upstream, operation, kind);
      const last = told.get(kind);
      const now = performance.now();
      if (last !== undefined && now < last.until) {
        last.untold += 1;
        return;
      }
      told.set(kind, { until: now + LOG_EVERY_MS, untold: 0 });
      log.warn(
        { upstream, operation, kind, detail, errors, requestId, untold: last?.untold ?? 0 },
        'an answer is not as the contract has it',
      );
    },
    close() {
      told.clear();
    },
  };
}
