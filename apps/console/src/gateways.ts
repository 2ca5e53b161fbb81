import type { Discover } from './discover.ts';
import type { HttpClient } from './http-client.ts';
import type { RecentError } from './snapshot.ts';

/** What the gateway's replicas tell on their private ports. */
export interface Gateways {
  /** The last failures of all replicas, the last one first; those of a replica that is gone are gone. */
  errors(): Promise<readonly RecentError[]>;
  /** The names of the services that the gateway leads to; the last known while none answers. */
  upstreams(): Promise<readonly string[]>;
}

/** How many failures a snapshot has. */
const SHOWN = 50;
/** Upstreams change with the configuration, which is seldom. */
const UPSTREAMS_MS = 5_000;

interface Failures {
  readonly errors: readonly Omit<RecentError, 'gateway'>[];
}

interface Upstreams {
  readonly upstreams: readonly { readonly name: string }[];
}

export function createGateways(discover: Discover, client: HttpClient): Gateways {
  let upstreams: readonly string[] = [];
  let readAt = Number.NEGATIVE_INFINITY;

  async function errorsOf(origin: string): Promise<RecentError[]> {
    const url = `${origin}/gateway/errors`;
    const { errors } = (await client.json({ method: 'GET', url })) as Failures;
    const gateway = new URL(origin).host;
    return errors.map(({ time, requestId, method, route, status, upstream, detail }) => ({
      ...{ time, requestId, method, route, status, upstream, detail, gateway },
    }));
  }

  return {
    async errors() {
      const origins = await discover().catch(() => []);
      const found = await Promise.allSettled(origins.map(errorsOf));
      return found
        .flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
        .toSorted((a, b) => b.time - a.time)
        .slice(0, SHOWN);
    },
    async upstreams() {
      if (performance.now() - readAt < UPSTREAMS_MS) return upstreams;
      for (const origin of await discover().catch(() => [])) {
        try {
          const url = `${origin}/gateway/upstreams`;
          const answer = (await client.json({ method: 'GET', url })) as Upstreams;
          upstreams = answer.upstreams.map(({ name }) => name);
          readAt = performance.now();
          break;
        } catch {
          // The next replica is asked; with none, what was known stays.
        }
      }
      return upstreams;
    },
  };
}
