import type { CachePolicy } from './types.ts';

/** Longer than a lease, so that a dead holder is replaced before waiters give up on it. */
const defaultWaitMs = 5_000;

export type ResolvedPolicy = Required<CachePolicy>;

/** Entries made together must not end together; ±10 % spreads a minute over twelve seconds. */
const spread = 0.1;

/** Fills in the defaults; throws RangeError naming the field that makes no sense. */
export function resolvePolicy(namespace: string, policy: CachePolicy): ResolvedPolicy {
  const resolved = {
    ttlMs: policy.ttlMs,
    staleMs: policy.staleMs ?? 0,
    negativeTtlMs: policy.negativeTtlMs ?? 1_000,
    firstLevelMs: policy.firstLevelMs ?? 1_000,
    waitMs: policy.waitMs ?? defaultWaitMs,
  };
  for (const [field, value] of Object.entries(resolved)) {
    const least = field === 'ttlMs' ? 1 : 0;
    if (!Number.isFinite(value) || value < least) {
      throw new RangeError(
        `Cache namespace ${namespace}: ${field} is ${value}, expected ${least} or more milliseconds.`,
      );
    }
  }
  return resolved;
}

export function samePolicy(left: ResolvedPolicy, right: ResolvedPolicy): boolean {
  return (
    left.ttlMs === right.ttlMs &&
    left.staleMs === right.staleMs &&
    left.negativeTtlMs === right.negativeTtlMs &&
    left.firstLevelMs === right.firstLevelMs &&
    left.waitMs === right.waitMs
  );
}

/** The duration ±10 %, whole milliseconds, never below 1 unless it was 0. */
export function jittered(durationMs: number): number {
  if (durationMs === 0) return 0;
  return Math.max(1, Math.round(durationMs * (1 - spread + 2 * spread * Math.random())));
}
