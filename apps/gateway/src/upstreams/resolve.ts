import { Resolver, lookup } from 'node:dns/promises';

/** Finds a name's IPv4 addresses; rejects when it has none or cannot be asked. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

/** One target of an SRV record: where it is, and the name that it is known by. */
export interface ServiceTarget {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** Finds the targets of an SRV name; rejects when it has none or cannot be asked. */
export type ResolveService = (name: string) => Promise<readonly ServiceTarget[]>;

/**
 * Asks the resolver itself, since the system's look-up caches nothing, blocks a thread of the pool
 * and hides changes behind `/etc/hosts`; names that only the system knows still work. `servers` are
 * the system's unless given.
 */
export function createResolveName(servers?: readonly string[]): ResolveName {
  const resolver = createResolver(servers);
  return async (name) => {
    try {
      return await resolver.resolve4(name);
    } catch {
      const found = await lookup(name, { all: true, family: 4 });
      return found.map(({ address }) => address);
    }
  };
}

/**
 * Asks for SRV records (RFC 2782) and then for the addresses of their targets. Only targets of the
 * lowest priority count; their weights are not looked at.
 */
export function createResolveService(
  resolveName: ResolveName,
  servers?: readonly string[],
): ResolveService {
  const resolver = createResolver(servers);
  return async (name) => {
    const records = await resolver.resolveSrv(name);
    const first = Math.min(...records.map(({ priority }) => priority));
    const targets = records.filter(({ priority }) => priority === first);
    const found = await Promise.allSettled(
      targets.map(async (target) => {
        const hosts = await resolveName(target.name);
        return hosts.map((host) => ({ name: target.name, host, port: target.port }));
      }),
    );
    const known = found.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    // A target without an address is one that starts or ends; all without one is no answer.
    if (known.length === 0) throw new Error(`no target of ${name} has an address`);
    return known;
  };
}

function createResolver(servers: readonly string[] | undefined): Resolver {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  return resolver;
}
