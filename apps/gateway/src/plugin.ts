import type { Logger } from '@woodytoys/service';
import type { Tracing } from '@woodytoys/tracing';
import type { Answer, TAKEN } from './exchange/answer.ts';
import type { FilterConfig, RouteConfig } from './config/types.ts';
import type { Contract } from './contracts/contract.ts';
import type { Exposed } from './contracts/merged/exposed.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Exchange } from './exchange/exchange.ts';
import type { MessagePublisher } from './connections/publisher.ts';
import type { PathTemplate } from './routing/path-template.ts';
import type { UpstreamObserver } from './upstreams/upstream-request.ts';
import type { Upstream } from './upstreams/upstream.ts';

/** A JSON Schema (2020-12) of an object: a filter's or endpoint's options. */
export interface OptionsSchema {
  readonly type: 'object';
  readonly description: string;
  readonly properties: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false | object;
  readonly [keyword: string]: unknown;
}

/** Before the endpoint: nothing to go on, or an answer, which skips what would come after. */
export type IncomingFilter = (
  exchange: Exchange,
) => Answer | undefined | Promise<Answer | undefined>;

/** All that comes after a filter, the endpoint included; for another exchange when one is given. */
export type Next = (exchange?: Exchange) => Promise<Answer>;

/**
 * Around all that comes after it: may answer without `next`, change what `next` gives, catch what it
 * throws, or ask it again.
 */
export type AroundFilter = (exchange: Exchange, next: Next) => Promise<Answer>;

/** After the endpoint: the answer as it is to go on. */
export type OutgoingFilter = (exchange: Exchange, answer: Answer) => Answer | Promise<Answer>;

/** Answers a route, or says that it writes the answer itself. */
export type Endpoint = (
  exchange: Exchange,
) => Answer | typeof TAKEN | Promise<Answer | typeof TAKEN>;

/** What filters and endpoints are made with, once for each route that lists them. */
export interface BuildContext {
  readonly route: RouteConfig;
  readonly template: PathTemplate;
  readonly log: Logger;
  readonly metrics: GatewayMetrics;
  readonly observer: UpstreamObserver;
  /** True when filters wait for the answer, so that an endpoint hands it on instead of writing it. */
  readonly handsOn: boolean;
  /** Counts a decision of a filter or endpoint on this route; made once, called for each. */
  decision(decider: string, outcome: string): () => void;
  /** @throws TypeError when the configuration has no upstream of that name. */
  upstream(name: string): Upstream;
  /** The contract of an upstream; undefined when it has none. */
  contract(upstream: string): Contract | undefined;
  /** Every operation that a route of the table leads to; the table is whole when requests come. */
  exposed(): Exposed;
  /**
   * What several routes share, and what outlives a reload: the same key gives the same thing as
   * long as any table in use asks for it.
   */
  shared<Shared extends Closable>(key: string, create: () => Shared): Shared;
  /** What all replicas of the gateway share; undefined when each keeps its own. */
  readonly redis: SharedRedis | undefined;
  /** Where messages are published; undefined when no broker is set. */
  readonly publisher: MessagePublisher | undefined;
}

export interface Closable {
  close(): Promise<void> | void;
}

/** The Redis of all replicas of the gateway, and the little of a client that filters use. */
export interface SharedRedis {
  /** For what needs a connection of its own, such as a subscriber. It may hold a password. */
  readonly url: string;
  /**
   * Rejects at once while there is no connection, and after 200 ms without an answer; the command
   * may then have been carried out all the same.
   */
  call(command: string, ...args: string[]): Promise<unknown>;
  /** For spans of what is asked on a connection of one's own; undefined while tracing is off. */
  readonly tracing?: Tracing;
  on(event: 'ready', listener: () => void): unknown;
  off(event: 'ready', listener: () => void): unknown;
}

/**
 * A filter: its name in a route's `incoming` (which `around` is listed in too) or `outgoing`, the
 * schema of its options, and the function that works on each exchange. It has `incoming` or
 * `around`, not both.
 */
export interface FilterDefinition<Options = never> {
  readonly name: string;
  readonly options: OptionsSchema;
  /**
   * True when it answers OPTIONS with `Access-Control-Request-Method` for its route, which then gets
   * such requests too.
   */
  readonly answersPreflight?: boolean;
  readonly incoming?: (options: Options, context: BuildContext) => IncomingFilter;
  readonly around?: (options: Options, context: BuildContext) => AroundFilter;
  readonly outgoing?: (options: Options, context: BuildContext) => OutgoingFilter;
  /**
   * What an outgoing filter does to the request, after all incoming ones: asks for an answer that it
   * can work on.
   */
  readonly prepare?: (options: Options, context: BuildContext) => IncomingFilter;
}

/** An endpoint: its name under a route's `endpoint`, the schema of its options, and its function. */
export interface EndpointDefinition<Options = never> {
  readonly name: string;
  readonly options: OptionsSchema;
  /** True when it always writes its answer itself, so that no filter can wait for it. */
  readonly writesItself?: boolean;
  /** Whether it takes requests for WebSocket (`exchange.upgradeHead`); they are refused unless it does. */
  takesUpgrade?(options: Options): boolean;
  create(options: Options, context: BuildContext): Endpoint;
}

/** Every filter and endpoint that a configuration may name. */
export interface Registry {
  readonly filters: ReadonlyMap<string, FilterDefinition>;
  readonly endpoints: ReadonlyMap<string, EndpointDefinition>;
}

/** The name under which a route lists a filter or its endpoint, with or without options. */
export function filterName(config: FilterConfig): string {
  return typeof config === 'string' ? config : (Object.keys(config)[0] as string);
}
