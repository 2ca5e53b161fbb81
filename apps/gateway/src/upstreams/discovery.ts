import { isIPv6 } from 'node:net';
import type { Logger } from '@woodytoys/service';
import type { ResolveName, ResolveService } from './resolve.ts';

/** Where one replica answers. */
export interface Address {
  readonly protocol: 'http:' | 'https:';
  readonly host: string;
  readonly port: number;
  /** What its certificate and `Host` name when `host` is an address that the name was resolved to. */
  readonly name?: string;
}

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

/** What `discover` says. */
export type Discover =
  | { readonly kind: 'dns'; readonly name: string; readonly port: number }
  | { readonly kind: 'srv'; readonly name: string }
  | { readonly kind: 'static'; readonly addresses: readonly Address[] };

const NAME = '[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9])?';
const DNS = new RegExp(`^dns://(${NAME}):(\\d{1,5})$`);
const SRV = new RegExp(`^dns\\+srv://(${NAME})$`);

/**
 * Reads `dns://name:port`, `dns+srv://name` or `http://host:port[,http://host:port…]`; undefined
 * when it is none of them.
 */
export function parseDiscovery(text: string): Discover | undefined {
  const dns = DNS.exec(text);
  if (dns !== null) return { kind: 'dns', name: dns[1] as string, port: Number(dns[2]) };
  const srv = SRV.exec(text);
  if (srv !== null) return { kind: 'srv', name: srv[1] as string };
  const addresses: Address[] = [];
  for (const part of text.split(',')) {
    const url = URL.parse(part.trim());
    if (url === null || url.pathname !== '/' || url.search !== '') return undefined;
    const { protocol, hostname } = url;
    if (protocol !== 'http:' && protocol !== 'https:') return undefined;
    // `[::1]` is how a URL writes `::1`.
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    addresses.push({ protocol, host, port: Number(url.port || (protocol === 'http:' ? 80 : 443)) });
  }
  return { kind: 'static', addresses };
}

export interface DiscoveryDependencies {
  readonly resolveName: ResolveName;
  readonly resolveService: ResolveService;
  readonly log: Logger;
  /** For tests; 1 s and 30 s unless given. */
  readonly lookupIntervalMs?: number;
  readonly keepUnresolvedMs?: number;
}

/** @throws TypeError when `discover` cannot be read. */
export function readDiscovery(discover: string): Discover {
  const parsed = parseDiscovery(discover);
  if (parsed !== undefined) return parsed;
  throw new TypeError(
    `"${discover}" names no replicas: write "dns://name:port", "dns+srv://name", or "http://host:port" or "https://host:port", several separated by commas`,
  );
}

/** `secure` makes replicas that DNS names speak HTTPS; those of a list say it themselves. */
export function createDiscovery(
  parsed: Discover,
  dependencies: DiscoveryDependencies,
  secure = false,
): Discovery {
  if (parsed.kind === 'static') return createStaticDiscovery(parsed.addresses);
  const { resolveName, resolveService } = dependencies;
  const address = (name: string, host: string, port: number): Address =>
    secure ? { protocol: 'https:', host, port, name } : { protocol: 'http:', host, port };
  const { name } = parsed;
  return createDnsDiscovery(
    name,
    parsed.kind === 'dns'
      ? async () => (await resolveName(name)).map((host) => address(name, host, parsed.port))
      : async () => (await resolveService(name)).map((at) => address(at.name, at.host, at.port)),
    dependencies,
  );
}

/** `host:port`: one process of an upstream, as metrics and logs name it. */
export function addressKey({ host, port }: Address): string {
  return hostAndPort(host, port);
}

/** As a URL has them: an IPv6 address in brackets. */
export function hostAndPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
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
  resolve: () => Promise<readonly Address[]>,
  {
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

  async function find(): Promise<readonly Address[] | undefined> {
    try {
      const addresses = await resolve();
      lastFoundAt = Date.now();
      if (failing) log.info({ name }, 'the name resolves again');
      failing = false;
      return addresses;
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
        const addresses = await find();
        if (stopped) return;
        timer = setTimeout(() => void round(), lookupIntervalMs);
        timer.unref();
        if (addresses === undefined) return;
        const byKey = new Map(addresses.map((address) => [addressKey(address), address]));
        const sorted = [...byKey.keys()].sort();
        // Resolvers turn the order at each answer: only another set is a change.
        if (sorted.join() === known) return;
        known = sorted.join();
        onChange(sorted.map((key) => byKey.get(key) as Address));
      };
      return round();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
