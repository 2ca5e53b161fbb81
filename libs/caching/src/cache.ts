import type { CacheMetrics } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import { FirstLevel } from './first-level.ts';
import { checkNamespaceName } from './keys.ts';
import { resolvePolicy, samePolicy } from './policy.ts';
import { ReadThrough } from './read-through.ts';
import type { Drop, SecondLevel } from './second-level.ts';
import type { Cache, CacheNamespace, CachePolicy } from './types.ts';

export interface CacheParts {
  readonly log: Logger;
  readonly metrics: CacheMetrics | undefined;
  readonly firstLevelEntries: number;
  /** Makes the second level, which calls `drop` for what other replicas have forgotten. */
  readonly secondLevel: (drop: (what: Drop) => void, metrics: CacheMetrics) => SecondLevel;
}

const unmeasured: CacheMetrics = {
  hit: () => {},
  miss: () => {},
  stale: () => {},
  load: () => {},
  error: () => {},
};

export function createCache(parts: CacheParts): Cache {
  const { log, metrics = unmeasured } = parts;
  const namespaces = new Map<string, ReadThrough<unknown>>();
  const firstLevel = new FirstLevel(parts.firstLevelEntries);
  const secondLevel = parts.secondLevel((what) => {
    if (what.namespace !== undefined) namespaces.get(what.namespace)?.drop(what.ids);
    else for (const namespace of namespaces.values()) namespace.drop();
  }, metrics);

  return {
    namespace<T>(name: string, policy: CachePolicy): CacheNamespace<T> {
      checkNamespaceName(name);
      const resolved = resolvePolicy(name, policy);
      const known = namespaces.get(name);
      if (known !== undefined) {
        if (samePolicy(known.policy, resolved)) return known as CacheNamespace<T>;
        throw new RangeError(
          `The cache namespace ${name} is in use with another policy: give both the same one.`,
        );
      }
      const made = new ReadThrough<T>({
        name,
        policy: resolved,
        firstLevel,
        secondLevel,
        metrics,
        log,
      });
      namespaces.set(name, made as ReadThrough<unknown>);
      return made;
    },
    healthy: () => secondLevel.healthy(),
    async close() {
      await secondLevel.close();
      firstLevel.clear();
    },
  };
}
