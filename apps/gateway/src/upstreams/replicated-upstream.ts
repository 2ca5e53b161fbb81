import type { Logger } from '@woodytoys/service';
import { headerValue } from '../exchange/header-list.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { upstreamOpen, upstreamOverloaded } from '../problems.ts';
import type { RetryOptions } from './attempts.ts';
import { createBalancer } from './balance.ts';
import type { BalanceOptions, Balancer } from './balance.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { BreakerOptions, BreakerState, RequestOutcome } from './circuit-breaker.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import type { ConcurrencyLimitOptions } from './concurrency-limit.ts';
import type { ConnectionOptions } from './connection.ts';
import { addressKey } from './discovery.ts';
import type { Address, Discovery } from './discovery.ts';
import { Ejection } from './ejection.ts';
import type { EjectionOptions } from './ejection.ts';
import type { Mirror } from './mirror.ts';
import { startProbe } from './probe.ts';
import type { Probe, ProbeOptions } from './probe.ts';
import { Replica } from './replica.ts';
import { RetryBudget } from './retry-budget.ts';
import type { ReplicatedDescription, Upstream } from './upstream.ts';

export interface UpstreamOptions extends ConnectionOptions {
  readonly name: string;
  readonly discover: string;
  readonly balance: BalanceOptions;
  readonly limit: ConcurrencyLimitOptions;
  readonly retry: RetryOptions;
  /** Undefined when the replicas are not probed. */
  readonly probe: ProbeOptions | undefined;
  readonly ejection: EjectionOptions | undefined;
  readonly breaker: BreakerOptions | undefined;
}

export interface UpstreamDependencies {
  readonly discovery: Discovery;
  readonly log: Logger;
  readonly metrics: GatewayMetrics['gateway'];
}

/** An upstream's state of the moment, as metrics tell it. */
export interface UpstreamGauges {
  readonly known: number;
  readonly usable: number;
  readonly ejected: number;
  readonly inFlight: number;
  readonly limit: number;
  /** Undefined when it has none. */
  readonly breaker: BreakerState | undefined;
}

/**
 * A service of the replicas that discovery names: the rotation of those that are ready, whose turn it
 * is, and what keeps a request from being sent at all.
 */
export class ReplicatedUpstream implements Upstream {
  readonly name: string;
  readonly retry: RetryOptions;
  readonly retryBudget: RetryBudget;
  /** Who gets a copy of the requests. */
  mirror: Mirror | undefined;
  readonly #options: UpstreamOptions;
  readonly #discovery: Discovery;
  readonly #log: Logger;
  readonly #metrics: GatewayMetrics['gateway'];
  readonly #balancer: Balancer;
  readonly #hashHeader: string | undefined;
  readonly #limit: ConcurrencyLimit;
  readonly #breaker: CircuitBreaker | undefined;
  readonly #ejection: Ejection | undefined;
  readonly #replicas = new Map<string, { readonly replica: Replica; readonly probe?: Probe }>();
  readonly #closing = new Set<Promise<void>>();
  #rotation: readonly Replica[] = [];
  #panic = false;
  #started: Promise<void> | undefined;

  constructor(options: UpstreamOptions, { discovery, log, metrics }: UpstreamDependencies) {
    const { name, balance, limit, retry, breaker, ejection } = options;
    const now = () => performance.now();
    this.name = name;
    this.retry = retry;
    this.#options = options;
    this.#discovery = discovery;
    this.#log = log.child({ upstream: name });
    this.#metrics = metrics;
    this.#balancer = createBalancer(balance, Math.random);
    this.#hashHeader = typeof balance === 'object' ? balance.hash.toLowerCase() : undefined;
    this.#limit = new ConcurrencyLimit(limit, now);
    this.retryBudget = new RetryBudget(retry.budget, now);
    this.#ejection = ejection && new Ejection(ejection, now);
    this.#breaker = breaker && new CircuitBreaker(breaker, { now, onTransition: this.#turned });
  }

  choose(): this {
    return this;
  }

  start(): Promise<void> {
    this.#started ??= (async () => {
      await this.#discovery.start((addresses) => this.#set(addresses));
      await Promise.all([...this.#replicas.values()].map(({ probe }) => probe?.first));
    })();
    return this.#started;
  }

  /** What a request's replica is chosen by; undefined when that is not a header of it. */
  keyOf(headers: readonly string[]): string | undefined {
    return this.#hashHeader === undefined ? undefined : headerValue(headers, this.#hashHeader);
  }

  /** The next replica, other than those tried; undefined when there is no other. */
  pick(tried?: ReadonlySet<Replica>, key?: string): Replica | undefined {
    const picked = this.#balancer.pick(this.#rotation, tried, key);
    if (picked !== undefined || tried === undefined) return picked;
    for (const { replica } of this.#replicas.values()) if (!tried.has(replica)) return replica;
    return undefined;
  }

  /**
   * Lets a request through: a pass for `settle`.
   * @throws ProblemError 503 while the breaker is open.
   */
  admit(): number {
    const pass = this.#breaker === undefined ? 0 : this.#breaker.admit();
    if (pass === undefined) {
      this.#metrics.refusal(this.name, 'circuit_open');
      throw upstreamOpen(this.name, (this.#breaker as CircuitBreaker).openForMs);
    }
    return pass;
  }

  /** Tells the breaker what became of a request that it let through. */
  settle(pass: number, outcome: RequestOutcome): void {
    this.#breaker?.done(pass, outcome);
  }

  /**
   * Counts a request as in flight until `leave`.
   * @throws ProblemError 503 when there are as many as may be.
   */
  enter(): void {
    if (this.#limit.tryEnter()) return;
    this.#metrics.refusal(this.name, 'in_flight');
    throw upstreamOverloaded(this.name);
  }

  leave(): void {
    this.#limit.leave();
  }

  /**
   * Learns from an attempt: whether the replica failed it, and how long its answer took to begin;
   * `latencyMs` is undefined where that says nothing about how busy it is.
   */
  learn(replica: Replica, failed: boolean, latencyMs?: number): void {
    if (latencyMs !== undefined) this.#limit.sample(latencyMs);
    if (failed) this.#countFailure(replica);
    else replica.mark.failures = 0;
  }

  /** Learns that nobody waits any more, after `latencyMs`, for an answer that has not begun. */
  abandoned(latencyMs: number): void {
    this.#limit.abandoned(latencyMs);
  }

  retryRefused(): void {
    this.#metrics.refusal(this.name, 'retry_budget');
  }

  gauges(): UpstreamGauges {
    const replicas = [...this.#replicas.values()].map(({ replica }) => replica);
    return {
      known: replicas.length,
      usable: replicas.filter(({ usable }) => usable).length,
      ejected: replicas.filter(({ ejected }) => ejected).length,
      inFlight: this.#limit.inFlight,
      limit: this.#limit.limit,
      breaker: this.#breaker?.state,
    };
  }

  describe(): ReplicatedDescription {
    const { discover, balance } = this.#options;
    return {
      name: this.name,
      kind: 'replicas',
      discover,
      balance: typeof balance === 'string' ? balance : `hash of ${balance.hash}`,
      replicas: [...this.#replicas.values()].map(({ replica }) => replica.describe()),
      limit: this.#limit.describe(),
      breaker: this.#breaker?.describe() ?? null,
      retryBudget: this.retryBudget.describe(),
      mirror: this.mirror?.describe() ?? null,
    };
  }

  async close(): Promise<void> {
    this.#discovery.stop();
    this.#set([]);
    await Promise.all(this.#closing);
  }

  #countFailure(replica: Replica): void {
    if (this.#ejection === undefined) return;
    const marks = [...this.#replicas.values()].map((known) => known.replica.mark);
    const outMs = this.#ejection.failed(replica.mark, marks);
    if (outMs === undefined) return;
    this.#metrics.ejection(this.name);
    this.#log.warn({ replica: replica.name, outMs }, 'replica ejected: it failed several times');
    replica.eject(outMs);
  }

  readonly #turned = (to: BreakerState): void => {
    this.#metrics.breakerTransition(this.name, to);
    if (to === 'closed') this.#log.info({ breaker: to }, 'the upstream answers again');
    else if (to === 'half-open') this.#log.info({ breaker: to }, 'the upstream is tried again');
    else this.#log.warn({ breaker: to }, 'the upstream fails, and is not asked for a while');
  };

  #set(addresses: readonly Address[]): void {
    const wanted = new Map(addresses.map((address) => [addressKey(address), address]));
    for (const [key, { replica, probe }] of this.#replicas) {
      if (wanted.has(key)) continue;
      this.#replicas.delete(key);
      probe?.stop();
      const closing = replica.close().finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
      this.#log.info({ replica: key }, 'replica gone');
    }
    for (const [key, address] of wanted) if (!this.#replicas.has(key)) this.#add(key, address);
    this.#rotate();
  }

  #add(key: string, address: Address): void {
    const { probe } = this.#options;
    const replica = new Replica(address, this.#options, {
      ready: probe === undefined,
      onChange: () => {
        const { ready, aside, ejected } = replica;
        this.#log.debug({ replica: key, ready, aside, ejected }, 'replica changed');
        this.#rotate();
      },
    });
    this.#replicas.set(
      key,
      probe === undefined ? { replica } : { replica, probe: startProbe(replica, probe) },
    );
    this.#log.info({ replica: key }, 'replica found');
  }

  #rotate(): void {
    const all = [...this.#replicas.values()].map(({ replica }) => replica);
    const usable = all.filter((replica) => replica.usable);
    const panic = usable.length === 0 && all.length > 0;
    if (panic !== this.#panic) {
      this.#panic = panic;
      if (panic)
        this.#log.warn({ known: all.length }, 'no replica is ready; trying all that are known');
      else if (usable.length > 0)
        this.#log.info({ ready: usable.length }, 'replicas are ready again');
    }
    // With none ready, the probes may be what is wrong: an attempt costs less than a sure refusal.
    const inReserve = all.filter((replica) => !replica.aside);
    this.#rotation = panic ? (inReserve.length > 0 ? inReserve : all) : usable;
  }
}
