import type { CacheMetrics } from '@woodytoys/metrics';
import { checkNamespaceName } from './keys.ts';
import { absentPayload, decodePayload, encodePayload } from './payload.ts';
import { resolvePolicy, samePolicy } from './policy.ts';
import type { ResolvedPolicy } from './policy.ts';
import type { Cache, CacheNamespace, CachePolicy } from './types.ts';

export interface NoCacheOptions {
  readonly metrics?: CacheMetrics;
}

/**
 * Asks the origin each time and keeps nothing, to measure what a cache is worth. Callers notice no
 * other difference: values go through JSON and are frozen here too.
 */
export function createNoCache({ metrics }: NoCacheOptions = {}): Cache {
  const namespaces = new Map<string, Loading<unknown>>();
  return {
    namespace<T>(name: string, policy: CachePolicy): CacheNamespace<T> {
      checkNamespaceName(name);
      const resolved = resolvePolicy(name, policy);
      const known = namespaces.get(name);
      if (known !== undefined && samePolicy(known.policy, resolved)) {
        return known as CacheNamespace<T>;
      }
      if (known !== undefined) {
        throw new RangeError(
          `The cache namespace ${name} is in use with another policy: give both the same one.`,
        );
      }
      const made = new Loading<T>(name, resolved, metrics);
      namespaces.set(name, made as Loading<unknown>);
      return made;
    },
    healthy: () => true,
    close: async () => {},
  };
}

class Loading<T> implements CacheNamespace<T> {
  readonly policy: ResolvedPolicy;
  readonly #name: string;
  readonly #metrics: CacheMetrics | undefined;

  constructor(name: string, policy: ResolvedPolicy, metrics: CacheMetrics | undefined) {
    this.#name = name;
    this.policy = policy;
    this.#metrics = metrics;
  }

  async get(_key: string, load: () => Promise<T | undefined>): Promise<T | undefined> {
    this.#metrics?.miss(this.#name);
    const start = performance.now();
    let outcome: 'ok' | 'absent' | 'error' = 'error';
    try {
      const payload = encodePayload(await load());
      outcome = payload === absentPayload ? 'absent' : 'ok';
      return decodePayload(payload) as T | undefined;
    } finally {
      this.#metrics?.load(this.#name, (performance.now() - start) / 1_000, outcome);
    }
  }

  async invalidate(): Promise<void> {}

  async clear(): Promise<void> {}
}
