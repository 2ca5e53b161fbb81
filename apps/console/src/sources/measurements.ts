import { CATALOGUE } from '@woodytoys/metrics';
import type { Sample } from './samples.ts';

/** A gauge's series. */
export interface GaugeSample extends Sample {
  readonly name: string;
}

/** All that a reading is made of, the same from every source. */
export interface Measurements {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** A second, by `service`, `instance` and `http_response_status_code`. */
  readonly requests: readonly Sample[];
  /** Cumulative, a second, by `service` and `le`. */
  readonly buckets: readonly Sample[];
  /** Buckets of message handlers: cumulative, a second, by `queue`, `outcome` and `le`. */
  readonly handled: readonly Sample[];
  /** Cores, by `instance`. */
  readonly cpu: readonly Sample[];
  /** Of the names of `GAUGES`; each has an `instance`. */
  readonly gauges: readonly GaugeSample[];
}

export const REQUEST_SECONDS = CATALOGUE.httpServerDuration.name;
export const HANDLER_SECONDS = CATALOGUE.messageHandlerDuration.name;
export const CPU_SECONDS = CATALOGUE.cpu.name;
export const IN_FLIGHT = CATALOGUE.httpServerInFlight.name;
export const MEMORY = CATALOGUE.residentMemory.name;
export const START_TIME = CATALOGUE.startTime.name;
export const EVENT_LOOP = CATALOGUE.eventLoopUtilization.name;
export const POOL_USED = CATALOGUE.poolUsed.name;
export const POOL_LIMIT = CATALOGUE.poolLimit.name;
export const JOBS = CATALOGUE.jobs.name;
/** The in-process broker's, by `queue` and `state`. */
export const QUEUE_DEPTH = CATALOGUE.messageQueueDepth.name;
/** Prometheus' own: 1 for a replica that answered the last scrape. */
export const UP = 'up';
/** RabbitMQ's own, by `queue`. */
export const RABBIT_READY = 'rabbitmq_detailed_queue_messages_ready';
export const RABBIT_UNACKNOWLEDGED = 'rabbitmq_detailed_queue_messages_unacked';

export const GAUGES: readonly string[] = [
  ...[IN_FLIGHT, MEMORY, START_TIME, EVENT_LOOP, POOL_USED, POOL_LIMIT, JOBS, QUEUE_DEPTH],
  ...[UP, RABBIT_READY, RABBIT_UNACKNOWLEDGED],
];

/**
 * Routes whose answers last as long as somebody listens (RE2 and JavaScript): their time says nothing
 * about the service.
 */
export const STREAM_ROUTES = '.*/(events|stream)';
