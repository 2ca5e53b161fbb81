import { boundedKey } from '@woodytoys/caching/parts';
import type { Exchange } from '../../exchange/exchange.ts';
import { headerValue, replaceHeader } from '../../exchange/header-list.ts';
import { CacheControl } from './cache-control.ts';
import { joined } from './judge.ts';
import type { HeldAnswer, StoredAnswer, VaryMarker } from './stored.ts';

/** Who asks: an answer for one who is known may not be for all. */
export type Lane = 'open' | 'cookie' | 'authorization';

export const LANES: readonly Lane[] = ['open', 'cookie', 'authorization'];

/** Headers of a request that ask for a part, or for an answer only under a condition. */
const PARTIAL = ['range', 'if-range', 'if-match', 'if-unmodified-since'] as const;
const CONDITIONAL = ['if-none-match', 'if-modified-since'];

/** What a request asks of the cache. */
export class Asked {
  readonly exchange: Exchange;
  readonly lane: Lane;
  readonly path: string;
  readonly control: CacheControl;
  /** The id of the address. */
  readonly id: string;

  constructor(exchange: Exchange, obeysClient: boolean) {
    const { query, targetPath } = exchange;
    this.exchange = exchange;
    this.lane = laneOf(exchange);
    this.path = (targetPath ?? exchange.path) + query;
    this.control = obeysClient ? clientControl(exchange) : CacheControl.none();
    this.id = addressId(originOf(exchange), exchange.path + query, this.lane);
    // What an earlier filter asks for instead is another answer at the same address.
    if (this.path !== exchange.path + query) this.id = boundedKey(`${this.id} ${this.path}`);
  }

  /** The id of this request's variant. */
  variantId({ names, mark }: VaryMarker): string {
    const { headers, request } = this.exchange;
    const values = names.map((name) => joined(headers, name) ?? request.headers[name] ?? null);
    return boundedKey(`${this.id} ${mark} ${JSON.stringify(values)}`);
  }

  /** Whether a kept answer is young enough for the client (RFC 9111 5.2.1). */
  accepts(held: HeldAnswer): boolean {
    const oldest = this.control.ms('max-age');
    const leastLeft = this.control.ms('min-fresh');
    return (
      (oldest === undefined || held.ageMs <= oldest) &&
      (leastLeft === undefined || held.freshLeftMs >= leastLeft)
    );
  }

  /** Whether the client wants an answer that was made or validated for it. */
  get wantsValidated(): boolean {
    return this.control.has('no-cache') || this.control.ms('max-age') === 0;
  }

  /** The request for the origin: whole, and under the condition that `stale` has changed. */
  forOrigin(stale: StoredAnswer | undefined): Exchange {
    const copy = this.exchange.detach();
    copy.method = 'GET';
    for (const name of CONDITIONAL) replaceHeader(copy.headers, name, undefined);
    if (stale === undefined) return copy;
    replaceHeader(copy.headers, 'if-none-match', headerValue(stale.headers, 'etag'));
    replaceHeader(copy.headers, 'if-modified-since', headerValue(stale.headers, 'last-modified'));
    return copy;
  }
}

/** Whether the cache has to do with a request at all: it asks for the whole of something, by GET. */
export function isCacheable({ method, request }: Exchange): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined) return false;
  if (headers['content-length'] !== undefined && headers['content-length'] !== '0') return false;
  return PARTIAL.every((name) => headers[name] === undefined);
}

/** Scheme and host that the client asked. */
export function originOf({ client }: Exchange): string {
  return `${client.proto}://${client.host.toLowerCase()}`;
}

export function addressId(origin: string, pathAndQuery: string, lane: Lane): string {
  return boundedKey(`${lane} ${origin}${pathAndQuery}`);
}

function laneOf({ request, subject }: Exchange): Lane {
  if (request.headers.authorization !== undefined || subject !== undefined) return 'authorization';
  return request.headers.cookie === undefined ? 'open' : 'cookie';
}

function clientControl({ request: { headers } }: Exchange): CacheControl {
  const field = headers['cache-control'];
  if (field === undefined && headers.pragma?.includes('no-cache')) {
    return CacheControl.parse('no-cache');
  }
  return CacheControl.parse(field);
}
