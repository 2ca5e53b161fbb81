import type { BuiltGateway } from '../routing/build.ts';
import type { LoadedConfig } from '../config/merge.ts';
import type { Finding } from './finding.ts';
import { findMisordered } from './order.ts';
import { auditRoutes } from './routes.ts';
import { findSecrets } from './secrets.ts';
import { findShadows } from './shadows.ts';
import { findUnusedUpstreams } from './unused-upstreams.ts';

export type { Finding, Severity } from './finding.ts';

/** What somebody should look at in a configuration that is valid, by file and line. */
export async function audit(loaded: LoadedConfig, built: BuiltGateway): Promise<Finding[]> {
  const findings = [
    ...auditRoutes(loaded, built),
    ...findMisordered(loaded, built),
    ...findShadows(loaded, built),
    ...findUnusedUpstreams(loaded, built),
    ...(await findSecrets(loaded)),
  ];
  return onePerPlace(findings).sort(
    (one, other) => one.file.localeCompare(other.file) || one.line - other.line,
  );
}

/** A route of a contract is many: what is so with each of them is told once. */
function onePerPlace(findings: readonly Finding[]): Finding[] {
  const places = Map.groupBy(findings, ({ rule, file, line }) => `${rule} ${file}:${line}`);
  return [...places.values()].map(([first, ...others]) => {
    const finding = first as Finding;
    if (others.length === 0) return finding;
    return {
      ...finding,
      message: `${finding.message} (so do ${others.length} more of this route)`,
    };
  });
}
