import type { Agent } from 'node:http';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { Pool } from 'undici';
import { hostAndPort } from './discovery.ts';
import type { Address } from './discovery.ts';
import type { UpstreamTls } from './tls.ts';

export interface ConnectionOptions {
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
  /** Undefined for the system's authorities and no client certificate. */
  readonly tls: UpstreamTls | undefined;
}

/** Connections to one address: one request at a time on each. */
export function createPool(
  address: Address,
  { connections, connectTimeoutMs, keepAliveMs, tls }: ConnectionOptions,
): Pool {
  return new Pool(originOf(address), {
    connections,
    pipelining: 1,
    // One request at a time and none behind another: what HTTP/2 multiplexes is not measured so.
    allowH2: false,
    connect: { timeout: connectTimeoutMs, ...tlsOf(address, tls), ...pinned(address) },
    keepAliveTimeout: keepAliveMs,
    // The server's hint (75 s) must not lengthen it: an idle connection has to be gone before a
    // replica that drains ends.
    keepAliveMaxTimeout: keepAliveMs,
  });
}

/** Streams are held open: the agent's own limit of 256 would make the next ones wait in silence. */
export const STREAM_AGENT = {
  keepAlive: true,
  keepAliveMsecs: 1_000,
  maxSockets: 10_000,
  timeout: 2_000,
} as const;

/** Closes an agent's connections at rest; those in use end with the streams on them. */
export function retireAgent(agent: Agent): void {
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}

/** What is asked for: by the name where there is one, so that `Host`, SNI and certificate agree. */
export function originOf({ protocol, host, port, name = host }: Address): string {
  return `${protocol}//${hostAndPort(name, port)}`;
}

/** The options of a TLS connection; undefined for plain HTTP. */
export function tlsOf(
  { protocol, host, name = host }: Address,
  tls: UpstreamTls = {},
): UpstreamTls | undefined {
  if (protocol === 'http:') return undefined;
  // An address has no SNI: its certificate names it.
  return isIP(name) === 0 ? { servername: name, ...tls } : tls;
}

/** Leads the name to the address that this replica has; the name alone would lead to any of them. */
export function pinned({ host, name }: Address): { readonly lookup?: LookupFunction } {
  const family = isIP(host);
  if (name === undefined || family === 0) return {};
  return {
    lookup: (_name, options, callback) => {
      if (options.all) callback(null, [{ address: host, family }]);
      else callback(null, host, family);
    },
  };
}
