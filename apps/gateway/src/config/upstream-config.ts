import type { Duration } from './types.ts';

export interface ProbeConfig {
  /** Of the replica's host; the replica's own port unless given. */
  readonly port?: number;
  /** The replica's own on its own port, else `http`, unless given. */
  readonly protocol?: 'http' | 'https';
  readonly path: string;
  readonly interval: Duration;
  readonly timeout: Duration;
  /** Replicas found by DNS are probed, those of a static list only when this is true. */
  readonly static: boolean;
}

/** Files are PEM, named relative to the configuration. */
export interface TlsConfig {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

export interface RetryConfig {
  readonly on: readonly (number | 'connection')[];
  readonly methods: readonly string[];
  readonly times: number;
  readonly budgetPercent: number;
  readonly budgetPerSecond: number;
}

export interface EjectConfig {
  readonly failures: number;
  readonly base: Duration;
  readonly max: Duration;
  readonly maxPercent: number;
}

export interface BreakerConfig {
  readonly window: Duration;
  readonly minRequests: number;
  readonly failurePercent: number;
  readonly open: Duration;
  readonly probes: number;
}

export interface AdaptiveConfig {
  readonly initial: number;
  readonly min: number;
  readonly tolerance: number;
}

/** An upstream with replicas of its own. */
export interface ReplicatedConfig {
  /** `dns://name:port`, `dns+srv://name`, or `http(s)://host:port` once or more, by commas. */
  readonly discover: string;
  readonly split?: undefined;
  /** Its OpenAPI 3.1 file, by its whole path. */
  readonly contract?: string;
  readonly tls?: TlsConfig;
  readonly balance: 'roundRobin' | 'p2c' | { readonly hash: string };
  readonly probe: ProbeConfig;
  /** The most connections to one replica. */
  readonly connections: number;
  readonly connectTimeout: Duration;
  /** How long an unused connection is kept: less than the replica keeps it, and than it drains. */
  readonly keepAlive: Duration;
  readonly maxInFlight: number;
  readonly adaptive: AdaptiveConfig | false;
  readonly retry: RetryConfig;
  readonly eject: EjectConfig | false;
  readonly breaker: BreakerConfig | false;
  readonly mirror?: { readonly upstream: string; readonly percent?: number };
}

/** An upstream that is several others, each with its share of the requests. */
export interface SplitConfig {
  /** Weights by upstream. */
  readonly split: Readonly<Record<string, number>>;
  readonly splitBy?: string;
  readonly contract?: string;
}

export type UpstreamConfig = ReplicatedConfig | SplitConfig;
