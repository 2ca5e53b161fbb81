import type { Logger } from '@woodytoys/service';
import type { Address, Discovery } from './discovery.ts';
import { startProbe } from './probe.ts';
import type { Probe, ProbeOptions } from './probe.ts';
import { Replica } from './replica.ts';
import type { ReplicaOptions } from './replica.ts';

export interface UpstreamOptions extends ReplicaOptions {
  readonly name: string;
  /** Undefined when the replicas are not probed. */
  readonly probe: ProbeOptions | undefined;
}

export interface UpstreamDependencies {
  readonly discovery: Discovery;
  readonly log: Logger;
}

/** Replicas of an upstream by what may be done with them. */
export interface ReplicaCount {
  readonly known: number;
  readonly usable: number;
}

/**
 * A service as the gateway sees it: the replicas that discovery names, the rotation of those that
 * are ready, and whose turn it is.
 */
export class Upstream {
  readonly name: string;
  readonly #options: UpstreamOptions;
  readonly #discovery: Discovery;
  readonly #log: Logger;
  readonly #replicas = new Map<string, { readonly replica: Replica; readonly probe?: Probe }>();
  readonly #closing = new Set<Promise<void>>();
  #rotation: readonly Replica[] = [];
  #turn = 0;
  #panic = false;
  #started: Promise<void> | undefined;

  constructor(options: UpstreamOptions, { discovery, log }: UpstreamDependencies) {
    this.name = options.name;
    this.#options = options;
    this.#discovery = discovery;
    this.#log = log.child({ upstream: options.name });
  }

  /** Resolves when its name was looked up once and each replica found was probed once. */
  start(): Promise<void> {
    this.#started ??= (async () => {
      await this.#discovery.start((addresses) => this.#set(addresses));
      await Promise.all([...this.#replicas.values()].map(({ probe }) => probe?.first));
    })();
    return this.#started;
  }

  /** The replica whose turn it is, other than those tried; undefined when there is no other. */
  pick(tried?: ReadonlySet<Replica>): Replica | undefined {
    const rotation = this.#rotation;
    for (let step = 0; step < rotation.length; step += 1) {
      this.#turn = (this.#turn + 1) % rotation.length;
      const replica = rotation[this.#turn] as Replica;
      if (tried === undefined || !tried.has(replica)) return replica;
    }
    if (tried === undefined) return undefined;
    for (const { replica } of this.#replicas.values()) if (!tried.has(replica)) return replica;
    return undefined;
  }

  count(): ReplicaCount {
    const replicas = [...this.#replicas.values()];
    return {
      known: replicas.length,
      usable: replicas.filter(({ replica }) => replica.usable).length,
    };
  }

  /** Ends discovery and probes; connections close when the requests on them have ended. */
  async close(): Promise<void> {
    this.#discovery.stop();
    this.#set([]);
    await Promise.all(this.#closing);
  }

  #set(addresses: readonly Address[]): void {
    const wanted = new Map(
      addresses.map((address) => [`${address.host}:${address.port}`, address]),
    );
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
        this.#log.debug(
          { replica: key, ready: replica.ready, aside: replica.aside },
          'replica changed',
        );
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
