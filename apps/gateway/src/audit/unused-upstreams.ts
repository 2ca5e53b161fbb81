import type { BuiltGateway } from '../routing/build.ts';
import type { UpstreamConfig } from '../config/types.ts';
import type { LoadedConfig } from '../config/merge.ts';
import type { Finding } from './finding.ts';

/** Upstreams that no route leads to: they are looked up and probed all the same. */
export function findUnusedUpstreams(loaded: LoadedConfig, { routes }: BuiltGateway): Finding[] {
  const { upstreams } = loaded.config;
  const used = new Set(routes.flatMap((route) => route.upstreams));
  // A set goes on to what is added to it: a split may lead to a mirror.
  for (const name of used) for (const other of targetsOf(upstreams[name])) used.add(other);
  return Object.keys(upstreams)
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

/** The upstreams that one hands requests on to. */
function targetsOf(upstream: UpstreamConfig | undefined): readonly string[] {
  if (upstream === undefined) return [];
  if (upstream.split !== undefined) return Object.keys(upstream.split);
  return upstream.mirror === undefined ? [] : [upstream.mirror.upstream];
}
