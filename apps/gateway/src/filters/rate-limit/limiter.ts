import type { RateLimitOutcome } from '@woodytoys/metrics';
import type { Closable } from '../../plugin.ts';
import type { Counted, Limits } from './limits.ts';

/** What to do with requests that Redis cannot count: pass them, refuse them, count them here. */
export type FailurePolicy = 'open' | 'closed' | 'local';

export interface Decision {
  readonly outcome: RateLimitOutcome;
  /** Undefined when nothing was counted. */
  readonly counted: Counted | undefined;
}

/** Decides of each request; several routes may share one. */
export interface Limiter extends Closable {
  decide(key: string): Decision | Promise<Decision>;
}

/** Counts by `limits`; what they cannot count is decided by `fallback`. */
export function createLimiter(limits: Limits, fallback: (key: string) => Decision): Limiter {
  async function decideLater(
    key: string,
    counting: Promise<Counted | undefined>,
  ): Promise<Decision> {
    return decided(key, await counting);
  }
  function decided(key: string, counted: Counted | undefined): Decision {
    if (counted === undefined) return fallback(key);
    return { outcome: counted.passed ? 'passed' : 'refused', counted };
  }
  return {
    decide(key) {
      const counted = limits.count(key);
      return counted instanceof Promise ? decideLater(key, counted) : decided(key, counted);
    },
    close: () => limits.close(),
  };
}

/** What happens by each policy; `local` counts by the limits that it is given. */
export function createFallback(policy: FailurePolicy, local: Limits): (key: string) => Decision {
  const unchecked: Decision = { outcome: 'unchecked', counted: undefined };
  const closed: Decision = { outcome: 'closed', counted: undefined };
  if (policy === 'open') return () => unchecked;
  if (policy === 'closed') return () => closed;
  return (key) => {
    const counted = local.count(key) as Counted;
    return { outcome: counted.passed ? 'passed-locally' : 'refused-locally', counted };
  };
}
