import type { Span } from '@woodytoys/tracing';
import { upstreamUnavailable } from '../problems.ts';
import { beginAttemptSpan, endAttemptSpan, withTraceparent } from './attempt-span.ts';
import type { RequestOutcome } from './circuit-breaker.ts';
import type { Replica } from './replica.ts';
import type { ReplicatedUpstream } from './replicated-upstream.ts';
import type { RetryBudgetOptions } from './retry-budget.ts';
import type { Upstream } from './upstream.ts';

/** When a request is sent again that a replica has seen. */
export interface RetryOptions {
  /** `connection`: it ended before an answer; else the status of the answer. */
  readonly on: ReadonlySet<number | 'connection'>;
  readonly methods: ReadonlySet<string>;
  /** How often at most. */
  readonly times: number;
  readonly budget: RetryBudgetOptions;
}

/** What the gateway measures of each attempt. */
export interface UpstreamObserver {
  attempt(
    upstream: string,
    replica: string,
    status: number | string,
    durationSeconds: number,
  ): void;
  retry(upstream: string, reason: string): void;
}

/** With more replicas than this refusing, the upstream is down rather than one of them. */
const MAX_ATTEMPTS = 4;

/** The connection was there and ended before an answer: the replica went while the request came. */
const CONNECTION_ENDED = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

export interface AttemptsRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: readonly string[];
  /** Whether the body can be sent a second time, or there is none. */
  readonly replayable: boolean;
  /** Whether it counts against `maxInFlight`: what is held open for hours does not. */
  readonly counted: boolean;
  /** What the attempts are part of; undefined while it is not traced. */
  readonly span: Span | undefined;
}

/**
 * The one rule by which a request goes over the replicas of an upstream.
 *
 * A replica that takes no connection has seen no byte, so any method goes on to another replica. What
 * a replica has seen is sent again for the methods and on the conditions that the upstream's `retry`
 * names, under its budget, and never once an answer has begun to leave for the client.
 */
export class Attempts {
  readonly upstream: ReplicatedUpstream;
  count = 0;
  replica: Replica | undefined;
  /** Of `performance.now()`. */
  startedAt = 0;
  readonly #request: AttemptsRequest;
  readonly #observer: UpstreamObserver;
  #tried: Set<Replica> | undefined;
  #next: Replica | undefined;
  #repeated = 0;
  #pass: number | undefined;
  #entered = false;
  #running = false;
  #span: Span | undefined;

  constructor(upstream: Upstream, request: AttemptsRequest, observer: UpstreamObserver) {
    this.upstream = upstream.choose(request.headers);
    this.#request = request;
    this.#observer = observer;
  }

  /**
   * Begins the first attempt; `end` is to be called then, whatever becomes of it.
   * @throws ProblemError 503 when the upstream is not to be asked now, or has no replica.
   */
  begin(): void {
    const { upstream } = this;
    const { counted, headers } = this.#request;
    this.#pass = upstream.admit();
    if (counted) {
      upstream.enter();
      this.#entered = true;
    }
    upstream.retryBudget.request();
    const replica = upstream.pick(undefined, upstream.keyOf(headers));
    if (replica === undefined) {
      this.settle('failed');
      throw upstreamUnavailable(upstream.name, new Error('no replica is known'));
    }
    this.#use(replica);
  }

  /** The headers for the attempt that runs: where it is traced, it is what the replica works for. */
  headersFor(headers: string[]): string[] {
    return this.#span === undefined ? headers : withTraceparent(headers, this.#span);
  }

  /** Of the attempt that runs; undefined while it is not traced. */
  get traceparent(): string | undefined {
    return this.#span?.traceparent;
  }

  /** Begins the next attempt, once one of the `after…` has said that there is one. */
  beginNext(): void {
    this.#use(this.#next as Replica);
  }

  /** The replica took no connection: whether another one is to be asked. */
  afterUnsent(reason: string): boolean {
    const replica = this.replica as Replica;
    this.upstream.learn(replica, true);
    replica.putAside();
    return this.count < MAX_ATTEMPTS && this.#another(reason) !== undefined;
  }

  /** The connection ended before an answer: whether the request is to be sent again. */
  afterLost(code: string): boolean {
    this.upstream.learn(this.replica as Replica, true);
    return CONNECTION_ENDED.has(code) && this.#repeat('connection', code);
  }

  /** An answer has begun: whether it is to be thrown away and the request to be sent again. */
  afterHead(status: number): boolean {
    this.#learnHead(status);
    if (status >= 500 && this.#repeat(status, String(status))) return true;
    this.settle(status >= 500 ? 'failed' : 'succeeded');
    return false;
  }

  /** An answer has begun, and it is the client's. */
  settleHead(status: number): void {
    this.#learnHead(status);
    this.settle(status >= 500 ? 'failed' : 'succeeded');
  }

  /** The answer ended before it was whole. */
  afterBroken(): void {
    this.upstream.learn(this.replica as Replica, true);
  }

  /** The time for an answer is over. */
  afterTimeout(): void {
    if (this.replica !== undefined) {
      this.upstream.learn(this.replica, true, this.#measures ? this.#latencyMs : undefined);
    }
    this.settle('failed');
  }

  /** Counts the attempt that has ended; the first word counts. */
  observe(status: number | string): void {
    if (!this.#running) return;
    this.#running = false;
    const replica = this.replica as Replica;
    replica.inFlight -= 1;
    const seconds = (performance.now() - this.startedAt) / 1000;
    this.#observer.attempt(this.upstream.name, replica.name, status, seconds);
    if (this.#span !== undefined) endAttemptSpan(this.#span, status);
  }

  /** Says what became of the request; the first word counts. */
  settle(outcome: RequestOutcome): void {
    if (this.#pass === undefined) return;
    this.upstream.settle(this.#pass, outcome);
    this.#pass = undefined;
  }

  /** The request is over, and nothing of it is on any connection. */
  end(): void {
    const unanswered = this.#pass !== undefined && this.replica !== undefined;
    if (unanswered && this.#measures) this.upstream.abandoned(this.#latencyMs);
    this.observe('aborted');
    this.settle('abandoned');
    if (!this.#entered) return;
    this.#entered = false;
    this.upstream.leave();
  }

  #learnHead(status: number): void {
    const failed = status >= 500;
    // An error may be quick however busy the upstream is, and what is not counted is no measure.
    const measured = !failed && this.#measures;
    const latencyMs = measured ? this.#latencyMs : undefined;
    this.upstream.learn(this.replica as Replica, failed, latencyMs);
  }

  /** Whether its latency is the upstream's: of a body that is streamed, much is the client's. */
  get #measures(): boolean {
    return this.#request.counted && this.#request.replayable;
  }

  get #latencyMs(): number {
    return performance.now() - this.startedAt;
  }

  #use(replica: Replica): void {
    this.replica = replica;
    this.#running = true;
    this.count += 1;
    this.startedAt = performance.now();
    replica.inFlight += 1;
    const { span, method, path } = this.#request;
    if (span === undefined) return;
    const request = { method, path, upstream: this.upstream.name };
    this.#span = beginAttemptSpan(span, request, replica, this.count - 1);
  }

  #repeat(condition: number | 'connection', reason: string): boolean {
    const { on, methods, times } = this.upstream.retry;
    const { method, replayable } = this.#request;
    if (!on.has(condition) || !replayable || !methods.has(method)) return false;
    if (this.#repeated >= times) return false;
    if (!this.upstream.retryBudget.tryRetry()) {
      this.upstream.retryRefused();
      return false;
    }
    this.#repeated += 1;
    if (this.#another(reason) !== undefined) return true;
    // A single replica may be asked again: what failed may have been the one connection.
    this.#tried = undefined;
    this.#next = this.replica;
    this.#observer.retry(this.upstream.name, reason);
    return true;
  }

  #another(reason: string): Replica | undefined {
    const { upstream } = this;
    this.#tried ??= new Set();
    this.#tried.add(this.replica as Replica);
    this.#next = upstream.pick(this.#tried, upstream.keyOf(this.#request.headers));
    if (this.#next !== undefined) this.#observer.retry(upstream.name, reason);
    return this.#next;
  }
}
