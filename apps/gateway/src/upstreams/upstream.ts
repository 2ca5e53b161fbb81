import type { BreakerDescription } from './circuit-breaker.ts';
import type { ConcurrencyLimitDescription } from './concurrency-limit.ts';
import type { ReplicaDescription } from './replica.ts';
import type { ReplicatedUpstream } from './replicated-upstream.ts';
import type { RetryBudgetDescription } from './retry-budget.ts';

/** A service as the gateway sees it: a name that routes lead to. */
export interface Upstream {
  readonly name: string;
  /** Who gets a request with these headers: itself, or one of those that it splits requests among. */
  choose(headers: readonly string[]): ReplicatedUpstream;
  /** Resolves when its name was looked up once and each replica found was probed once. */
  start(): Promise<void>;
  /** Its state as plain JSON. */
  describe(): UpstreamDescription;
  /** Ends discovery and probes; connections close when the requests on them have ended. */
  close(): Promise<void>;
}

export type UpstreamDescription = ReplicatedDescription | SplitDescription;

export interface ReplicatedDescription {
  readonly name: string;
  readonly kind: 'replicas';
  readonly discover: string;
  readonly balance: string;
  readonly replicas: readonly ReplicaDescription[];
  readonly limit: ConcurrencyLimitDescription;
  /** Null when it has none. */
  readonly breaker: BreakerDescription | null;
  readonly retryBudget: RetryBudgetDescription;
  readonly mirror: { readonly upstream: string; readonly percent: number } | null;
}

export interface SplitDescription {
  readonly name: string;
  readonly kind: 'split';
  /** By upstream. */
  readonly weights: Readonly<Record<string, number>>;
}
