/**
 * Words used here.
 *
 * - catalogue: every metric of the platform, each with its kind, unit and labels, in one file.
 * - registry: the instruments of one process. Several services may share it (`npm start`), which is
 *   why every metric carries the label `service`.
 * - route template: `/users/{id}`, never the path that was asked for, so that the number of series
 *   does not depend on the traffic.
 */

/** What a scrape of `/metrics` answers. */
export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/** One finished HTTP request, as the server saw it. */
export interface HttpObservation {
  /** Upper case. */
  readonly method: string;
  /** The route template, or `unmatched`. */
  readonly route: string;
  readonly status: number;
  readonly durationSeconds: number;
  /** Of the trace that the request belongs to, 32 hexadecimal digits; becomes an exemplar. */
  readonly traceId?: string | undefined;
}

export interface HttpMetrics {
  /** Counts a request as in flight; call the result once when it ends. */
  start(): () => void;
  observe(observation: HttpObservation): void;
  /** Counts a request that was refused before a route was looked for. */
  refused(status: number): void;
  /** Shows a series at 0 before its first request, so that a rate has a beginning to count from. */
  expect(method: string, route: string, status: number): void;
}

/** One finished call to another service. */
export interface ClientObservation {
  readonly upstream: string;
  /** `host:port` of the replica that was called. */
  readonly replica: string;
  /** HTTP status, or the error's code where there was none (`ECONNREFUSED`). */
  readonly status: number | string;
  readonly durationSeconds: number;
}

export interface CacheMetrics {
  hit(namespace: string, level: 'memory' | 'redis'): void;
  miss(namespace: string): void;
  /** A value past its time to live was served while it is loaded anew. */
  stale(namespace: string): void;
  /** The origin was asked. */
  load(namespace: string, durationSeconds: number, outcome: 'ok' | 'absent' | 'error'): void;
  /** The second level could not be used. */
  error(operation: string): void;
}

export interface MessageMetrics {
  /** Shows an exchange's counters at 0 before its first message. */
  declared(exchange: string): void;
  /** Shows a queue's counters at 0 before its first message. */
  consuming(queue: string): void;
  published(exchange: string, outcome: 'confirmed' | 'failed'): void;
  consumed(
    queue: string,
    outcome: 'acknowledged' | 'retried' | 'dead-lettered',
    durationSeconds: number,
  ): void;
  redelivered(queue: string): void;
  /** Seconds between publish and the start of the handler. */
  queueAge(queue: string, seconds: number): void;
  connected(up: boolean): void;
  /** Adds queues of a broker in this process, by name, read at each scrape; the result removes them. */
  queues(read: () => Readonly<Record<string, QueueDepth>>): () => void;
}

/** How many messages a queue holds. */
export interface QueueDepth {
  /** Waiting for a consumer. */
  readonly ready: number;
  /** With a consumer. */
  readonly unacknowledged: number;
}

/** A pool's present state, read at each scrape. */
export interface PoolState {
  readonly used: number;
  readonly waiting: number;
  readonly limit: number;
}

export interface OutboxState {
  readonly pending: number;
  /** Age of the oldest unsent row; 0 when there is none. */
  readonly oldestSeconds: number;
  readonly dead: number;
}

/** The state of an upstream, read at each scrape. */
export interface UpstreamState {
  readonly upstream: string;
  /** Replicas that discovery knows, and how many of them get requests. */
  readonly known: number;
  readonly usable: number;
  /** Taken out for what they failed. */
  readonly ejected: number;
  readonly inFlight: number;
  readonly limit: number;
  /** Undefined when it has none. */
  readonly breaker: 'closed' | 'half-open' | 'open' | undefined;
}

/** How full a concurrency limit is, read at each scrape. */
export interface BulkheadState {
  readonly inFlight: number;
  readonly waiting: number;
}

/**
 * What a rate limiter did with a request; while its store fails, by its policy: `unchecked` passed,
 * `closed` was refused, the others were counted by the process alone.
 */
export type RateLimitOutcome =
  'passed' | 'refused' | 'unchecked' | 'closed' | 'passed-locally' | 'refused-locally';

/** The decisions that a gateway takes. */
export interface GatewayMetrics {
  /** A request goes to another replica; `reason` is the error code or status of the attempt before. */
  retry(upstream: string, reason: string): void;
  rateLimit(limiter: string, outcome: RateLimitOutcome): void;
  /** A decision of a filter or endpoint on a route: made once, called for each. */
  decision(route: string, decider: string, outcome: string): () => void;
  /** A stream of a route is open; the result ends it. */
  streamOpened(route: string, kind: 'http' | 'websocket'): () => void;
  /** A sampled answer that is not as the contract of its upstream has it. */
  drift(upstream: string, operation: string, kind: 'status' | 'content-type' | 'body'): void;
  /** Takes the used share of a route's latency budget; made once, called for each request. */
  deadlineBurn(route: string): (ratio: number) => void;
  /** Adds a concurrency limit that is read at each scrape; the result removes it. */
  bulkhead(name: string, read: () => BulkheadState): () => void;
  reload(outcome: 'done' | 'refused'): void;
  /** A request or a retry is not sent to an upstream, for its protection. */
  refusal(upstream: string, reason: 'circuit_open' | 'in_flight' | 'retry_budget'): void;
  breakerTransition(upstream: string, to: 'closed' | 'half-open' | 'open'): void;
  ejection(upstream: string): void;
  mirrored(upstream: string, outcome: 'sent' | 'failed' | 'skipped'): void;
  /** Adds the state of upstreams, read at each scrape; the result removes it. */
  upstreams(read: () => readonly UpstreamState[]): () => void;
}

/** The instruments of one service, its name already bound. */
export interface ServiceMetrics {
  readonly service: string;
  readonly http: HttpMetrics;
  readonly client: { observe(observation: ClientObservation): void };
  readonly cache: CacheMetrics;
  readonly messages: MessageMetrics;
  readonly gateway: GatewayMetrics;
  /** Adds a pool that is read at each scrape; the result removes it. */
  pool(name: string, read: () => PoolState): () => void;
  /** Adds an outbox that is read at each scrape; the result removes it. */
  outbox(read: () => Promise<OutboxState>): () => void;
  /** Adds a gauge of jobs by state (`queued`, `running`, …), read at each scrape. */
  jobs(kind: string, read: () => Promise<Readonly<Record<string, number>>>): () => void;
}

/** All instruments of one process. */
export interface MetricsRegistry {
  service(name: string): ServiceMetrics;
  /** Counts spans that are lost, from 0 on. */
  droppedSpans(): (count: number, reason: 'queue_full' | 'export_failed') => void;
  /**
   * The text format of Prometheus, or OpenMetrics where the scrape's `accept` header prefers it; only
   * that one has exemplars.
   */
  expose(accept?: string): Promise<Exposition>;
  close(): void;
}
