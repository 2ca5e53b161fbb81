/** One metric of the platform, as the reference and the exposition show it. */
export interface MetricDefinition {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** `seconds`, `bytes`, `ratio`, or what is counted. */
  readonly unit: string;
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds in `unit`; histograms only. */
  readonly buckets?: readonly number[];
}

/**
 * Upper bounds in seconds that OpenTelemetry's semantic conventions advise for
 * `http.server.request.duration`.
 */
const HTTP_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const;

/** Handlers and queues may take minutes: jobs run there. */
const MESSAGE_SECONDS = [
  0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
] as const;

/** From a look-up in memory to a slow query. */
const LOAD_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
] as const;

/** Every metric that a process of the platform may show, and nothing else. */
export const CATALOGUE = {
  httpServerDuration: {
    name: 'http_server_request_duration_seconds',
    kind: 'histogram',
    unit: 'seconds',
    labels: ['service', 'http_request_method', 'http_route', 'http_response_status_code'],
    help: 'Time from the first byte of a request to the end of its answer, by route template.',
    buckets: HTTP_SECONDS,
  },
  httpServerInFlight: {
    name: 'http_server_requests_in_flight',
    kind: 'gauge',
    unit: 'requests',
    labels: ['service'],
    help: 'Requests that have begun and not ended.',
  },
  httpServerRefusals: {
    name: 'http_server_refusals_total',
    kind: 'counter',
    unit: 'requests',
    labels: ['service', 'http_response_status_code'],
    help: 'Requests that were refused before a route was looked for, such as one that breaks the rules of HTTP; they are in no other metric.',
  },
  httpClientDuration: {
    name: 'http_client_request_duration_seconds',
    kind: 'histogram',
    unit: 'seconds',
    labels: ['service', 'upstream', 'replica', 'status'],
    help: 'Time of a call to another service, by replica; status is the error code where there was no answer.',
    buckets: HTTP_SECONDS,
  },
  poolUsed: {
    name: 'db_pool_used',
    kind: 'gauge',
    unit: 'connections',
    labels: ['service', 'pool'],
    help: 'Connections of the pool that are in use.',
  },
  poolWaiting: {
    name: 'db_pool_waiting',
    kind: 'gauge',
    unit: 'requests',
    labels: ['service', 'pool'],
    help: 'Callers that wait for a connection of the pool.',
  },
  poolLimit: {
    name: 'db_pool_limit',
    kind: 'gauge',
    unit: 'connections',
    labels: ['service', 'pool'],
    help: 'The most connections that the pool may open.',
  },
  cacheHits: {
    name: 'cache_hits_total',
    kind: 'counter',
    unit: 'reads',
    labels: ['service', 'namespace', 'level'],
    help: 'Reads that the cache answered, by level (memory or redis).',
  },
  cacheMisses: {
    name: 'cache_misses_total',
    kind: 'counter',
    unit: 'reads',
    labels: ['service', 'namespace'],
    help: 'Reads that no level could answer.',
  },
  cacheStale: {
    name: 'cache_stale_total',
    kind: 'counter',
    unit: 'reads',
    labels: ['service', 'namespace'],
    help: 'Reads answered with a value past its time to live while it was loaded anew.',
  },
  cacheLoadDuration: {
    name: 'cache_load_duration_seconds',
    kind: 'histogram',
    unit: 'seconds',
    labels: ['service', 'namespace', 'outcome'],
    help: 'Time to load a value from its origin, by outcome (ok, absent or error).',
    buckets: LOAD_SECONDS,
  },
  cacheErrors: {
    name: 'cache_errors_total',
    kind: 'counter',
    unit: 'errors',
    labels: ['service', 'operation'],
    help: 'Operations for which the second level could not be used.',
  },
  messagesPublished: {
    name: 'message_published_total',
    kind: 'counter',
    unit: 'messages',
    labels: ['service', 'exchange', 'outcome'],
    help: 'Messages handed to the broker, by outcome (confirmed or failed).',
  },
  messageHandlerDuration: {
    name: 'message_handler_duration_seconds',
    kind: 'histogram',
    unit: 'seconds',
    labels: ['service', 'queue', 'outcome'],
    help: 'Time in a message handler, by outcome (acknowledged, retried or dead-lettered).',
    buckets: MESSAGE_SECONDS,
  },
  messagesRedelivered: {
    name: 'message_redelivered_total',
    kind: 'counter',
    unit: 'messages',
    labels: ['service', 'queue'],
    help: 'Messages that came again after an unacknowledged delivery.',
  },
  messageQueueAge: {
    name: 'message_queue_age_seconds',
    kind: 'histogram',
    unit: 'seconds',
    labels: ['service', 'queue'],
    help: 'Time between publish and the start of the handler.',
    buckets: MESSAGE_SECONDS,
  },
  messageQueueDepth: {
    name: 'message_queue_messages',
    kind: 'gauge',
    unit: 'messages',
    labels: ['service', 'queue', 'state'],
    help: 'Messages in a queue of the in-process broker, by state (ready or unacknowledged); RabbitMQ tells of its own.',
  },
  brokerConnected: {
    name: 'message_broker_connected',
    kind: 'gauge',
    unit: 'connections',
    labels: ['service'],
    help: '1 while the service is connected to the broker, 0 while it is not.',
  },
  outboxPending: {
    name: 'outbox_pending',
    kind: 'gauge',
    unit: 'messages',
    labels: ['service'],
    help: 'Rows of the outbox that wait to be published.',
  },
  outboxOldest: {
    name: 'outbox_oldest_seconds',
    kind: 'gauge',
    unit: 'seconds',
    labels: ['service'],
    help: 'Age of the oldest row of the outbox that waits; 0 when none does.',
  },
  outboxDead: {
    name: 'outbox_dead',
    kind: 'gauge',
    unit: 'messages',
    labels: ['service'],
    help: 'Rows of the outbox given up after the last attempt.',
  },
  jobs: {
    name: 'jobs',
    kind: 'gauge',
    unit: 'jobs',
    labels: ['service', 'kind', 'state'],
    help: 'Jobs by kind and state.',
  },
  gatewayRetries: {
    name: 'gateway_retries_total',
    kind: 'counter',
    unit: 'requests',
    labels: ['service', 'upstream', 'reason'],
    help: 'Requests sent again to another replica, by the error code or status of the attempt before.',
  },
  gatewayRateLimit: {
    name: 'gateway_rate_limit_decisions_total',
    kind: 'counter',
    unit: 'requests',
    labels: ['service', 'limiter', 'outcome'],
    help: 'Decisions of a rate limiter, by outcome: passed or refused; while its store failed unchecked, closed, passed-locally or refused-locally, by its policy.',
  },
  gatewayDecisions: {
    name: 'gateway_decisions_total',
    kind: 'counter',
    unit: 'requests',
    labels: ['service', 'http_route', 'decider', 'outcome'],
    help: 'Decisions that a filter or endpoint took, by route template, the name of the filter or endpoint, and outcome.',
  },
  gatewayStreams: {
    name: 'gateway_streams_open',
    kind: 'gauge',
    unit: 'streams',
    labels: ['service', 'http_route', 'kind'],
    help: 'Streams of the stream endpoint that are open, by route template and kind (http or websocket).',
  },
  gatewayContractDrift: {
    name: 'gateway_contract_drift_total',
    kind: 'counter',
    unit: 'answers',
    labels: ['service', 'upstream', 'operation', 'kind'],
    help: 'Sampled answers that are not as the contract of their upstream has them, by operation and kind (status, content-type or body).',
  },
  gatewayDeadlineBurn: {
    name: 'gateway_deadline_burn_ratio',
    kind: 'histogram',
    unit: 'ratio',
    labels: ['service', 'http_route'],
    help: 'Share of its latency budget that a request used, by route template; more than 1 came too late.',
    buckets: [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1, 1.5],
  },
  gatewayBulkheadInFlight: {
    name: 'gateway_bulkhead_in_flight',
    kind: 'gauge',
    unit: 'requests',
    labels: ['service', 'bulkhead'],
    help: 'Requests that a concurrency limit lets run at the moment.',
  },
  gatewayBulkheadWaiting: {
    name: 'gateway_bulkhead_waiting',
    kind: 'gauge',
    unit: 'requests',
    labels: ['service', 'bulkhead'],
    help: 'Requests that wait at a concurrency limit.',
  },
  gatewayRefusals: {
    name: 'gateway_upstream_refusals_total',
    kind: 'counter',
    unit: 'requests',
    labels: ['service', 'upstream', 'reason'],
    help: 'Requests that were not sent to an upstream for its protection, by reason (circuit_open, in_flight, or retry_budget: not sent again).',
  },
  gatewayBreakerTransitions: {
    name: 'gateway_breaker_transitions_total',
    kind: 'counter',
    unit: 'transitions',
    labels: ['service', 'upstream', 'to'],
    help: 'Transitions of the circuit breaker of an upstream, by the state that it turned to.',
  },
  gatewayBreaker: {
    name: 'gateway_breaker_state',
    kind: 'gauge',
    unit: 'breakers',
    labels: ['service', 'upstream', 'state'],
    help: 'State of the circuit breaker of an upstream: 1 for the one it is in (closed, half-open, open), 0 for the others.',
  },
  gatewayEjections: {
    name: 'gateway_ejections_total',
    kind: 'counter',
    unit: 'replicas',
    labels: ['service', 'upstream'],
    help: 'Replicas of an upstream that were ejected for the requests that they failed.',
  },
  gatewayMirrored: {
    name: 'gateway_mirrored_requests_total',
    kind: 'counter',
    unit: 'requests',
    labels: ['service', 'upstream', 'outcome'],
    help: 'Copies of the requests of an upstream, by outcome (sent, failed, or skipped because the body is a stream).',
  },
  gatewayInFlight: {
    name: 'gateway_upstream_requests_in_flight',
    kind: 'gauge',
    unit: 'requests',
    labels: ['service', 'upstream'],
    help: 'Requests that an upstream is answering, streams not counted.',
  },
  gatewayInFlightLimit: {
    name: 'gateway_upstream_in_flight_limit',
    kind: 'gauge',
    unit: 'requests',
    labels: ['service', 'upstream'],
    help: 'Requests that an upstream may be answering at once: the adaptive limit where it has one, else its maxInFlight.',
  },
  gatewayReplicas: {
    name: 'gateway_replicas',
    kind: 'gauge',
    unit: 'replicas',
    labels: ['service', 'upstream', 'state'],
    help: 'Replicas of an upstream, by state (known to discovery, usable: ready and not put aside, or ejected for what they failed).',
  },
  gatewayReloads: {
    name: 'gateway_config_reloads_total',
    kind: 'counter',
    unit: 'reloads',
    labels: ['service', 'outcome'],
    help: 'Reloads of the configuration, by outcome (done or refused).',
  },
  readErrors: {
    name: 'metrics_read_errors_total',
    kind: 'counter',
    unit: 'errors',
    labels: ['service', 'source'],
    help: 'Readings that failed or were late at a scrape, so that their series are missing from it.',
  },
  traceSpansDropped: {
    name: 'trace_spans_dropped_total',
    kind: 'counter',
    unit: 'spans',
    labels: ['reason'],
    help: 'Spans that never reached the collector, by reason (queue_full or export_failed).',
  },
  eventLoopDelay: {
    name: 'nodejs_eventloop_delay_seconds',
    kind: 'gauge',
    unit: 'seconds',
    labels: ['quantile'],
    help: 'Delay of the event loop since the scrape before, by quantile (0.5, 0.99 or 1).',
  },
  eventLoopUtilization: {
    name: 'nodejs_eventloop_utilization_ratio',
    kind: 'gauge',
    unit: 'ratio',
    labels: [],
    help: 'Share of the time since the scrape before that the event loop was busy, 0 to 1.',
  },
  gcDuration: {
    name: 'nodejs_gc_duration_seconds_total',
    kind: 'counter',
    unit: 'seconds',
    labels: ['kind'],
    help: 'Time spent in garbage collection, by kind (minor, major, incremental or weakcb).',
  },
  heapUsed: {
    name: 'nodejs_heap_used_bytes',
    kind: 'gauge',
    unit: 'bytes',
    labels: [],
    help: 'Heap in use.',
  },
  heapLimit: {
    name: 'nodejs_heap_limit_bytes',
    kind: 'gauge',
    unit: 'bytes',
    labels: [],
    help: 'Heap at which the process would end for lack of memory.',
  },
  cpu: {
    name: 'process_cpu_seconds_total',
    kind: 'counter',
    unit: 'seconds',
    labels: ['mode'],
    help: 'Processor time of the process, by mode (user or system).',
  },
  residentMemory: {
    name: 'process_resident_memory_bytes',
    kind: 'gauge',
    unit: 'bytes',
    labels: [],
    help: 'Memory that the process holds.',
  },
  startTime: {
    name: 'process_start_time_seconds',
    kind: 'gauge',
    unit: 'seconds',
    labels: [],
    help: 'When the process began, in seconds since 1970.',
  },
  buildInfo: {
    name: 'build_info',
    kind: 'gauge',
    unit: 'builds',
    labels: ['version', 'revision', 'node'],
    help: 'Always 1; its labels say which build runs on which Node.',
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricKey = keyof typeof CATALOGUE;

type KeyOfKind<Kind extends MetricDefinition['kind']> = {
  [Key in MetricKey]: (typeof CATALOGUE)[Key]['kind'] extends Kind ? Key : never;
}[MetricKey];

export type CounterKey = KeyOfKind<'counter'>;
export type GaugeKey = KeyOfKind<'gauge'>;
export type HistogramKey = KeyOfKind<'histogram'>;
