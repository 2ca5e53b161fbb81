/**
 * Words used here.
 *
 * - route: what a request matches (host, method, path) and what happens then.
 * - filter: a step before the endpoint (incoming) or after it (outgoing).
 * - endpoint: what answers a route.
 * - upstream: a service as the gateway sees it; replica: one process of it.
 */

import type { UpstreamConfig } from './upstream-config.ts';

/** `800ms`, `30s`, `1m`, `2h`. */
export type Duration = string;
/** `512B`, `100kB`, `5MB`. */
export type Size = string;

/** A filter by its name alone, or with its options. */
export type FilterConfig = string | Readonly<Record<string, unknown>>;
/** One key, the endpoint's name, with its options. */
export type EndpointConfig = Readonly<Record<string, unknown>>;

export type { UpstreamConfig } from './upstream-config.ts';

export type ParameterType = 'id' | 'uuid' | 'text';

export interface RouteConfig {
  readonly path: string;
  readonly host?: string;
  readonly methods: readonly string[];
  /** To the first byte of the answer, retries included. */
  readonly timeout: Duration;
  /** Between two pieces of the answer's body. */
  readonly idleTimeout: Duration;
  readonly maxBody: Size;
  /** What the parameters of the path must be; 400 otherwise. */
  readonly parameters?: Readonly<Record<string, ParameterType>>;
  readonly incoming: readonly FilterConfig[];
  readonly outgoing: readonly FilterConfig[];
  readonly endpoint: EndpointConfig;
  /** The operation that it was made from, for a route of a contract. */
  readonly operation?: string;
}

/** The configuration whole: files included, defaults filled in, environment substituted. */
export interface GatewayConfig {
  readonly upstreams: Readonly<Record<string, UpstreamConfig>>;
  readonly routes: readonly RouteConfig[];
}

/** One mistake in the configuration. */
export interface Mistake {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}
