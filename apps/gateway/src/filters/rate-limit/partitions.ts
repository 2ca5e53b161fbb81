import { createHash } from 'node:crypto';
import { ipKeyGenerator } from 'express-rate-limit';
import type { Exchange } from '../../exchange/exchange.ts';
import { headerValue } from '../../exchange/header-list.ts';
import { IDENTITY_PREFIX } from '../../exchange/headers.ts';
import { RecentMap } from '../../recent-map.ts';

/** By what requests are counted together. */
export type KeyOption = 'address' | 'subject' | { readonly header: string };

/** Those that are counted together. */
export interface Partition {
  readonly key: string;
  /** The value of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-08). */
  readonly policy: string;
}

export interface PartitionOptions {
  readonly key: KeyOption;
  /** How many bits of an IPv6 address count as one client. */
  readonly ipv6Prefix: number;
  /** `RateLimit-Policy` without the partition's key. */
  readonly policy: string;
}

/** Partitions are remembered by what they are made from: an IPv6 prefix or a hash costs more. */
const MOST_REMEMBERED = 20_000;
/** A longer key is counted by its hash. */
const LONGEST_KEY = 64;

/** Tells which partition a request is of; who has no subject or header is counted by address. */
export function createPartitions({
  key,
  ipv6Prefix,
  policy,
}: PartitionOptions): (exchange: Exchange) => Partition {
  const byAddress = remembered((address) => ipKeyGenerator(address, ipv6Prefix), policy);
  if (key === 'address') return ({ client }) => byAddress(client.address);
  if (key === 'subject') {
    const bySubject = remembered((subject) => shortened(`subject ${subject}`), policy);
    return ({ subject, client }) =>
      subject === undefined ? byAddress(client.address) : bySubject(subject);
  }
  const header = key.header.toLowerCase();
  const byHeader = remembered((value) => shortened(`header ${value}`), policy);
  // What the gateway itself says of the user is not in the request: there, anybody writes it.
  const ofGateway = header.startsWith(IDENTITY_PREFIX);
  return (exchange) => {
    const { request, client } = exchange;
    const value = ofGateway ? headerValue(exchange.headers, header) : request.headers[header];
    return typeof value === 'string' ? byHeader(value) : byAddress(client.address);
  };
}

function remembered(
  keyOf: (source: string) => string,
  policy: string,
): (source: string) => Partition {
  const partitions = new RecentMap<Partition>(MOST_REMEMBERED);
  return (source) => {
    let partition = partitions.get(source);
    if (partition === undefined) {
      const key = keyOf(source);
      partition = { key, policy: `${policy}; pk=:${partitionKey(key)}:` };
      partitions.set(source, partition);
    }
    return partition;
  };
}

/** As express-rate-limit tells a client which partition it is of, without telling the key. */
function partitionKey(key: string): string {
  return Buffer.from(sha256(key).slice(0, 12)).toString('base64');
}

function shortened(key: string): string {
  return key.length <= LONGEST_KEY ? key : `hash ${sha256(key)}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
