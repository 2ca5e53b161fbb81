import type { BuiltGateway } from '../build.ts';
import type { LoadedConfig } from '../config/merge.ts';
import type { Finding } from './finding.ts';

/** Upstreams that no route leads to: they are looked up and probed all the same. */
export function findUnusedUpstreams(loaded: LoadedConfig, { routes }: BuiltGateway): Finding[] {
  const used = new Set(routes.flatMap(({ upstreams }) => upstreams));
  return Object.keys(loaded.config.upstreams)
    .filter((name) => !used.has(name))
    .map((name) => ({
      rule: 'unused-upstream',
      severity: 'warning',
      ...loaded.mistakeAt(
        `/upstreams/${name}`,
        `no route leads to the upstream "${name}"; take it out`,
      ),
    }));
}
