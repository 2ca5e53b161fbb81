import { headerValue } from '../exchange/header-list.ts';
import { hashOf } from './balance.ts';
import type { ReplicatedUpstream } from './replicated-upstream.ts';
import type { SplitDescription, Upstream } from './upstream.ts';

export interface SplitOptions {
  readonly name: string;
  readonly parts: readonly { readonly upstream: ReplicatedUpstream; readonly weight: number }[];
  /** A header: requests with the same value go the same way; by chance unless given. */
  readonly by: string | undefined;
}

/** A name for several upstreams, each with its share of the requests: a canary beside what is proven. */
export class SplitUpstream implements Upstream {
  readonly name: string;
  readonly #options: SplitOptions;
  readonly #total: number;

  constructor(options: SplitOptions) {
    this.name = options.name;
    this.#options = options;
    this.#total = options.parts.reduce((sum, { weight }) => sum + weight, 0);
  }

  choose(headers: readonly string[]): ReplicatedUpstream {
    const { parts, by } = this.#options;
    const key = by === undefined ? undefined : headerValue(headers, by);
    const share = key === undefined ? Math.random() : hashOf(key) / 2 ** 32;
    let left = share * this.#total;
    for (const { upstream, weight } of parts) {
      left -= weight;
      if (left < 0) return upstream;
    }
    return (parts.at(-1) as SplitOptions['parts'][number]).upstream;
  }

  /** Its parts are started as upstreams of their own. */
  async start(): Promise<void> {}

  describe(): SplitDescription {
    const { name, parts } = this.#options;
    const weights = Object.fromEntries(
      parts.map(({ upstream, weight }) => [upstream.name, weight]),
    );
    return { name, kind: 'split', weights };
  }

  async close(): Promise<void> {}
}
