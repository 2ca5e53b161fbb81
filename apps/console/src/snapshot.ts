/**
 * What the live page is sent: shared by the server (src/) and the page (page/), so this file has
 * types and constants only. Words used here:
 *
 * - service: a part of the platform that answers or works (`gateway`, `product`, `logistics-worker`);
 *   what only stores or carries (`postgres`, `redis`, `rabbitmq`) is a node of the topology alone.
 * - replica: one process of a service. Under `npm start` all services share one process.
 * - source: where the numbers come from.
 *
 * Times are milliseconds since 1970, durations seconds, memory bytes, CPU cores, ratios 0 to 1.
 * `null` says that nothing is known, never zero: no request in the window has no quantile.
 *
 * Events of `GET /console/api/stream`, each with JSON data: `history` (a `History`) once, first;
 * then `snapshot` (a `Snapshot`), one at once and one each second.
 */

/** The data of the event `snapshot`. */
export interface Snapshot {
  /** When the numbers were read. */
  readonly time: number;
  readonly source: Source;
  /** In the order in which a request meets them. */
  readonly services: readonly Service[];
  readonly topology: Topology;
  /** The last first; those that this console made. */
  readonly jobs: readonly Job[];
  /** Jobs of the whole platform, whoever made them. */
  readonly jobCounts: readonly JobCount[];
  readonly queues: readonly Queue[];
  /** The last first. */
  readonly errors: readonly RecentError[];
  readonly traffic: Traffic;
  readonly catalogue: Catalogue;
}

export interface Source {
  /** `processes`: the metrics of this process tree; `prometheus`: what Prometheus scraped. */
  readonly kind: 'processes' | 'prometheus';
  /** False while it does not answer: services and queues are then the last that were known. */
  readonly answers: boolean;
  /** Since when it does not answer; null while it does. */
  readonly staleSince: number | null;
  /** Why it does not answer; null while it does. */
  readonly detail: string | null;
  /** Seconds over which rates and quantiles are taken. */
  readonly windowSeconds: number;
}

export interface Service {
  readonly name: string;
  readonly signals: Signals;
  readonly replicas: readonly Replica[];
}

/** The four golden signals: traffic, errors, latency, saturation. A worker's requests are its messages. */
export interface Signals {
  /** Requests a second. */
  readonly rps: number;
  /** Share of the answers that were 5xx; null without requests. */
  readonly errorRatio: number | null;
  /** Seconds, from the buckets of all replicas together; null without requests. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** Requests that have begun and not ended. */
  readonly inFlight: number;
  readonly saturation: Saturation;
}

/** The fullest replica of the service; null where the service has no such thing. */
export interface Saturation {
  /** Cores in use, of the one that JavaScript can use. */
  readonly cpu: number | null;
  /** Share of the time that the event loop was busy. */
  readonly eventLoop: number | null;
  /** Share of the database connections that are in use. */
  readonly pool: number | null;
}

export interface Replica {
  /** `host:port`, or `process` where it shares the process of `npm start`. */
  readonly instance: string;
  readonly up: boolean;
  /** Start of the process; null while it is not known. */
  readonly since: number | null;
  /** Cores; under `npm start` those of the whole process. */
  readonly cpu: number | null;
  /** Resident bytes; under `npm start` those of the whole process. */
  readonly memory: number | null;
  /** Requests a second. */
  readonly rps: number;
}

export interface Topology {
  readonly nodes: readonly TopologyNode[];
  /** [from, to], by the names of nodes. */
  readonly edges: readonly (readonly [from: string, to: string])[];
}

export interface TopologyNode {
  readonly name: string;
  readonly kind: 'entry' | 'gateway' | 'service' | 'worker' | 'database' | 'cache' | 'broker';
}

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'unknown';

export interface Job {
  /** As the service that runs it named it. */
  readonly id: string;
  /** Of `catalogue.jobKinds`. */
  readonly kind: string;
  /** `unknown` while its service cannot be asked. */
  readonly state: JobState;
  /** Share that is done; null while it is not known. */
  readonly progress: number | null;
  readonly createdAt: number;
  /** Path of the result on the platform's entry; null until there is one. */
  readonly result: string | null;
  /** Why it failed or cannot be asked; null else. */
  readonly detail: string | null;
}

export interface JobCount {
  readonly kind: string;
  /** As the metric `jobs` has it. */
  readonly state: string;
  readonly count: number;
}

export interface Queue {
  /** `name.dead` has what was given up, `name.retry` what waits for its next attempt. */
  readonly name: string;
  /** Messages that wait for a consumer. */
  readonly ready: number;
  /** Messages that a consumer works on. */
  readonly unacknowledged: number;
}

/** An answer of the gateway that was 5xx, or a request that it could not read. */
export interface RecentError {
  readonly time: number;
  readonly requestId: string;
  readonly method: string;
  /** The route template, or `unmatched`. */
  readonly route: string;
  readonly status: number;
  /** Who failed; null where the gateway answered by itself. */
  readonly upstream: string | null;
  /** The code of the problem, or what else is known; null if nothing is. */
  readonly detail: string | null;
  /** The replica of the gateway that answered. */
  readonly gateway: string;
}

/** Requests a second that the demonstration traffic may have. */
export const TRAFFIC_RATES = [0, 1, 15, 30, 100] as const;
export type TrafficRate = (typeof TRAFFIC_RATES)[number];

export interface Traffic {
  /** Of `catalogue.mixes`. */
  readonly mix: string;
  /** 0 while it is stopped. */
  readonly rate: TrafficRate;
  /** Answers below 500 since it was started. */
  readonly served: number;
  /** Answers of 500 and above, and requests without an answer, since it was started. */
  readonly failed: number;
  /** Requests that were not sent because too many were unanswered, since it was started. */
  readonly skipped: number;
  /** When it stops by itself; null while it is stopped. */
  readonly until: number | null;
}

export interface Catalogue {
  readonly jobKinds: readonly CatalogueEntry[];
  readonly mixes: readonly CatalogueEntry[];
}

export interface CatalogueEntry {
  /** What `POST /console/api/jobs` and `PUT /console/api/traffic` take. */
  readonly id: string;
  /** For people. */
  readonly title: string;
  readonly description: string;
}

/** The data of the event `history`: the last 5 minutes, oldest first. */
export interface History {
  /** Seconds between two points; the last is at most that old. */
  readonly stepSeconds: number;
  /** One a step. */
  readonly times: readonly number[];
  readonly services: readonly ServiceHistory[];
}

/** Each array has one value for each of `History.times`; null where nothing is known. */
export interface ServiceHistory {
  readonly name: string;
  readonly rps: readonly (number | null)[];
  readonly errorRatio: readonly (number | null)[];
  readonly p50: readonly (number | null)[];
  readonly p95: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  readonly inFlight: readonly (number | null)[];
  readonly cpu: readonly (number | null)[];
  readonly eventLoop: readonly (number | null)[];
  readonly pool: readonly (number | null)[];
}

/** The body of `POST /console/api/jobs`; the answer is 201 with the `Job`. */
export interface NewJob {
  readonly kind: string;
}

/** The body of `PUT /console/api/traffic`; the answer is 200 with the `Traffic`. */
export interface TrafficOrder {
  readonly mix: string;
  readonly rate: TrafficRate;
}
