import { Resolver, lookup } from 'node:dns/promises';
import type { Logger } from '@woodytoys/service';

/** Where one replica answers. */
export interface Address {
  readonly protocol: 'http:';
  readonly host: string;
  readonly port: number;
}

/** Finds a name's IPv4 addresses; rejects when it has none or cannot be asked. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

/** Tells the addresses of an upstream, first and at each change. */
export interface Discovery {
  readonly kind: 'dns' | 'static';
  /** Resolves after the first look-up, found or not. */
  start(onChange: (addresses: readonly Address[]) => void): Promise<void>;
  stop(): void;
}

/** How often a name is looked up: new and gone replicas are noticed within about a second. */
const LOOKUP_INTERVAL_MS = 1_000;
/** How long replicas outlive a name that is not found any more: the resolver itself may restart. */
const KEEP_UNRESOLVED_MS = 30_000;

/**
 * Asks the resolver itself, since the system's look-up caches nothing, blocks a thread of the pool
 * and hides changes behind `/etc/hosts`; names that only the system knows still work. `servers` are
 * the system's unless given.
 */
export function createResolveName(servers?: readonly string[]): ResolveName {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  return async (name) => {
    try {
      return await resolver.resolve4(name);
    } catch {
      const found = await lookup(name, { all: true, family: 4 });
      return found.map(({ address }) => address);
    }
  };
}

/** Reads `dns://name:port` or `http://host:port[,http://host:port…]`; undefined when it is neither. */
export function parseDiscovery(
  text: string,
):
  | { readonly kind: 'dns'; readonly name: string; readonly port: number }
  | { readonly kind: 'static'; readonly addresses: readonly Address[] }
  | undefined {
  const dns = /^dns:\/\/([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?):(\d{1,5})$/.exec(text);
  if (dns !== null) return { kind: 'dns', name: dns[1] as string, port: Number(dns[2]) };
  const addresses: Address[] = [];
  for (const part of text.split(',')) {
    const url = URL.parse(part.trim());
    if (url?.protocol !== 'http:' || url.pathname !== '/' || url.search !== '') return undefined;
    addresses.push({ protocol: 'http:', host: url.hostname, port: Number(url.port || 80) });
  }
  return { kind: 'static', addresses };
}

export interface DiscoveryDependencies {
  readonly resolveName: ResolveName;
  readonly log: Logger;
  /** For tests; 1 s and 30 s unless given. */
  readonly lookupIntervalMs?: number;
  readonly keepUnresolvedMs?: number;
}

/** @throws TypeError when `discover` cannot be read. */
export function createDiscovery(discover: string, dependencies: DiscoveryDependencies): Discovery {
  const parsed = parseDiscovery(discover);
  if (parsed === undefined) {
    throw new TypeError(
      `"${discover}" names no replicas: write "dns://name:port" or "http://host:port", several separated by commas`,
    );
  }
  return parsed.kind === 'static'
    ? createStaticDiscovery(parsed.addresses)
    : createDnsDiscovery(parsed.name, parsed.port, dependencies);
}

function createStaticDiscovery(addresses: readonly Address[]): Discovery {
  return {
    kind: 'static',
    async start(onChange) {
      onChange(addresses);
    },
    stop() {},
  };
}

function createDnsDiscovery(
  name: string,
  port: number,
  {
    resolveName,
    log,
    lookupIntervalMs = LOOKUP_INTERVAL_MS,
    keepUnresolvedMs = KEEP_UNRESOLVED_MS,
  }: DiscoveryDependencies,
): Discovery {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let known = '';
  let lastFoundAt = Date.now();
  let failing = false;

  async function find(): Promise<readonly string[] | undefined> {
    try {
      const hosts = await resolveName(name);
      lastFoundAt = Date.now();
      if (failing) log.info({ name }, 'the name resolves again');
      failing = false;
      return hosts;
    } catch (error) {
      if (!failing) {
        log.warn(
          { error, name, keepUnresolvedMs },
          'a name does not resolve; keeping its replicas',
        );
      }
      failing = true;
      return Date.now() - lastFoundAt > keepUnresolvedMs ? [] : undefined;
    }
  }

  return {
    kind: 'dns',
    start(onChange) {
      const round = async () => {
        const hosts = await find();
        if (stopped) return;
        timer = setTimeout(() => void round(), lookupIntervalMs);
        timer.unref();
        if (hosts === undefined) return;
        const sorted = [...new Set(hosts)].sort();
        // Resolvers turn the order at each answer: only another set is a change.
        if (sorted.join() === known) return;
        known = sorted.join();
        onChange(sorted.map((host) => ({ protocol: 'http:', host, port })));
      };
      return round();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
