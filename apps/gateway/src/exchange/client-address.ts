import type { IncomingMessage } from 'node:http';

/** Who asks, as far as the gateway may believe it. */
export interface ClientOrigin {
  readonly address: string;
  /** What to tell upstreams: the client first, then the proxies that were believed. */
  readonly forwardedFor: string;
  readonly proto: 'http' | 'https';
  readonly host: string;
}

const IPV4_IN_IPV6 = '::ffff:';
const ADDRESS = /^[0-9A-Fa-f.:]{2,45}$/;

/**
 * The client's address past `trustedProxies` hops. Each proxy appends the address that it saw to
 * `X-Forwarded-For`, so only that many entries from the right were written by proxies we run; with
 * none, the header is the client's own invention and is not read.
 */
export function clientOrigin(request: IncomingMessage, trustedProxies: number): ClientOrigin {
  const peer = plainAddress(request.socket.remoteAddress ?? '');
  const { headers } = request;
  if (trustedProxies === 0) {
    return { address: peer, forwardedFor: peer, proto: 'http', host: headers.host ?? '' };
  }
  const chain = headerText(headers['x-forwarded-for'])
    .split(',')
    .map((entry) => entry.trim())
    .slice(-trustedProxies)
    .filter((entry) => ADDRESS.test(entry))
    .map(plainAddress);
  chain.push(peer);
  const forwardedHost = headerText(headers['x-forwarded-host']);
  return {
    address: chain[0] as string,
    forwardedFor: chain.join(', '),
    proto: headers['x-forwarded-proto'] === 'https' ? 'https' : 'http',
    host: forwardedHost === '' ? (headers.host ?? '') : forwardedHost,
  };
}

function plainAddress(address: string): string {
  return address.startsWith(IPV4_IN_IPV6) ? address.slice(IPV4_IN_IPV6.length) : address;
}

function headerText(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}
