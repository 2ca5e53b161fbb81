import { Pool } from 'undici';
import type { Address } from './discovery.ts';

export interface ReplicaOptions {
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
}

/** How long a replica that refused a connection is put aside. */
const ASIDE_MS = 1_000;
/** After this a replica that is gone loses the requests that still run on it. */
const CLOSE_TIMEOUT_MS = 60_000;

/** One process of an upstream: its connections, and whether it may get requests. */
export class Replica {
  /** `host:port`, as metrics and logs name it. */
  readonly name: string;
  readonly address: Address;
  readonly pool: Pool;
  inFlight = 0;
  /** By the last probes; a replica that is not probed is ready. */
  ready: boolean;
  #aside = false;
  #asideTimer: NodeJS.Timeout | undefined;
  readonly #onChange: () => void;

  constructor(
    address: Address,
    { connections, connectTimeoutMs, keepAliveMs }: ReplicaOptions,
    state: { readonly ready: boolean; readonly onChange: () => void },
  ) {
    this.address = address;
    this.name = `${address.host}:${address.port}`;
    this.ready = state.ready;
    this.#onChange = state.onChange;
    this.pool = new Pool(`${address.protocol}//${this.name}`, {
      connections,
      pipelining: 1,
      connect: { timeout: connectTimeoutMs },
      keepAliveTimeout: keepAliveMs,
      // The server's hint (75 s) must not lengthen it: an idle connection has to be gone before a
      // replica that drains ends.
      keepAliveMaxTimeout: keepAliveMs,
    });
  }

  get usable(): boolean {
    return this.ready && !this.#aside;
  }

  get aside(): boolean {
    return this.#aside;
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

  setReady(ready: boolean): void {
    if (this.ready === ready) return;
    this.ready = ready;
    this.#onChange();
  }

  /** Closes the connections when the requests on them have ended. */
  async close(): Promise<void> {
    clearTimeout(this.#asideTimer);
    const late = setTimeout(() => void this.pool.destroy(), CLOSE_TIMEOUT_MS);
    late.unref();
    await this.pool.close();
    clearTimeout(late);
  }

  /** Ends every request on it at once. */
  async destroy(): Promise<void> {
    clearTimeout(this.#asideTimer);
    await this.pool.destroy();
  }
}
