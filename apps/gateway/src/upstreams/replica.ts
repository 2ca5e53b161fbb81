import { Agent } from 'node:https';
import type { Pool } from 'undici';
import { hashOf } from './balance.ts';
import { STREAM_AGENT, createPool, pinned, retireAgent, tlsOf } from './connection.ts';
import type { ConnectionOptions } from './connection.ts';
import { addressKey } from './discovery.ts';
import type { Address } from './discovery.ts';
import { newEjectionMark } from './ejection.ts';
import type { UpstreamTls } from './tls.ts';

/** How long a replica that refused a connection is put aside. */
const ASIDE_MS = 1_000;
/** After this a replica that is gone loses the requests that still run on it. */
const CLOSE_TIMEOUT_MS = 60_000;

/** What `describe` of an upstream tells of a replica. */
export interface ReplicaDescription {
  readonly name: string;
  /** By its probes. */
  readonly ready: boolean;
  /** It refused a connection a moment ago. */
  readonly aside: boolean;
  /** It failed several requests in a row. */
  readonly ejected: boolean;
  readonly failuresInARow: number;
  readonly inFlight: number;
}

/** One process of an upstream: its connections, and whether it may get requests. */
export class Replica {
  /** `host:port`, as metrics and logs name it. */
  readonly name: string;
  readonly address: Address;
  readonly pool: Pool;
  /** Undefined for plain HTTP. */
  readonly tlsOptions: UpstreamTls | undefined;
  /** Its place among the others for requests that go by a key. */
  readonly seed: number;
  readonly mark = newEjectionMark();
  inFlight = 0;
  /** By the last probes; a replica that is not probed is ready. */
  ready: boolean;
  #aside = false;
  #asideTimer: NodeJS.Timeout | undefined;
  #ejected = false;
  #ejectedTimer: NodeJS.Timeout | undefined;
  readonly #onChange: () => void;
  #streamAgent: Agent | undefined;

  constructor(
    address: Address,
    options: ConnectionOptions,
    state: { readonly ready: boolean; readonly onChange: () => void },
  ) {
    this.address = address;
    this.name = addressKey(address);
    this.seed = hashOf(this.name);
    this.ready = state.ready;
    this.#onChange = state.onChange;
    this.tlsOptions = tlsOf(address, options.tls);
    this.pool = createPool(address, options);
  }

  /** Connections of its own for streams over TLS; undefined for plain HTTP, where all share some. */
  get streamAgent(): Agent | undefined {
    if (this.tlsOptions === undefined) return undefined;
    return (this.#streamAgent ??= new Agent({
      ...STREAM_AGENT,
      ...this.tlsOptions,
      ...pinned(this.address),
    }));
  }

  get usable(): boolean {
    return this.ready && !this.#aside && !this.#ejected;
  }

  get aside(): boolean {
    return this.#aside;
  }

  get ejected(): boolean {
    return this.#ejected;
  }

  /** Takes the replica out of the rotation for a moment: it refused a connection. */
  putAside(): void {
    clearTimeout(this.#asideTimer);
    this.#asideTimer = setTimeout(() => this.bringBack(), ASIDE_MS);
    this.#asideTimer.unref();
    if (this.#aside) return;
    this.#aside = true;
    this.#onChange();
  }

  bringBack(): void {
    clearTimeout(this.#asideTimer);
    if (!this.#aside) return;
    this.#aside = false;
    this.#onChange();
  }

  /** Takes the replica out of the rotation whatever its probes say: it failed what it was given. */
  eject(forMs: number): void {
    this.#ejected = true;
    this.#ejectedTimer = setTimeout(() => {
      this.#ejected = false;
      this.#onChange();
    }, forMs);
    this.#ejectedTimer.unref();
    this.#onChange();
  }

  setReady(ready: boolean): void {
    if (this.ready === ready) return;
    this.ready = ready;
    this.#onChange();
  }

  describe(): ReplicaDescription {
    const { name, ready, aside, ejected, inFlight } = this;
    return { name, ready, aside, ejected, failuresInARow: this.mark.failures, inFlight };
  }

  /** Closes the connections when the requests on them have ended. */
  async close(): Promise<void> {
    this.#clearTimers();
    const late = setTimeout(() => void this.pool.destroy(), CLOSE_TIMEOUT_MS);
    late.unref();
    await this.pool.close();
    clearTimeout(late);
    if (this.#streamAgent !== undefined) retireAgent(this.#streamAgent);
  }

  #clearTimers(): void {
    clearTimeout(this.#asideTimer);
    clearTimeout(this.#ejectedTimer);
  }
}
