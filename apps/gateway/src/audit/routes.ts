import type { BuiltGateway } from '../routing/build.ts';
import type { LoadedConfig } from '../config/merge.ts';
import type { RouteConfig } from '../config/types.ts';
import { filterName } from '../plugin.ts';
import type { Finding } from './finding.ts';

/** Filters by what they keep from a route. */
const LIMITS = ['rateLimit', 'concurrency'];
const ACCESS = ['authenticate'];
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** Routes that wait as long as the gateway does, that anybody may use, and as often as they like. */
export function auditRoutes(loaded: LoadedConfig, { routes }: BuiltGateway): Finding[] {
  return routes.flatMap(({ config, upstreams }, index) => {
    const name = `${config.methods.join(', ')} ${config.path}`;
    const find = (rule: string, severity: Finding['severity'], message: string): Finding => ({
      rule,
      severity,
      ...loaded.mistakeAt(`/routes/${index}`, message),
    });
    const findings: Finding[] = [];
    if (upstreams.length > 0 && !loaded.isWritten(index, 'timeout')) {
      findings.push(
        find(
          'no-timeout',
          'warning',
          `${name} has no timeout but the built-in ${config.timeout}; set "timeout" here or under defaults.route`,
        ),
      );
    }
    if (!has(config, LIMITS)) {
      findings.push(
        find(
          'no-limit',
          'warning',
          `${name} has no limit; list ${LIMITS.join(' or ')} under "incoming"`,
        ),
      );
    }
    if (!has(config, ACCESS)) {
      const changes = config.methods.some((method) => !SAFE_METHODS.includes(method));
      findings.push(
        find(
          'open',
          changes ? 'warning' : 'note',
          `${name} is open to all${changes ? ', and may change something' : ''}; list ${ACCESS.join(' or ')} under "incoming", unless it is meant to be`,
        ),
      );
    }
    return findings;
  });
}

function has({ incoming }: RouteConfig, names: readonly string[]): boolean {
  return incoming.some((filter) => names.includes(filterName(filter)));
}
