import type { BuiltGateway } from '../routing/build.ts';
import type { LoadedConfig } from '../config/merge.ts';
import type { FilterConfig } from '../config/types.ts';
import { filterName } from '../plugin.ts';
import type { Finding } from './finding.ts';

/** What knows clients by their subject, if one is known by then. */
const BY_SUBJECT = ['cache', 'idempotency'];

/** Filters that come before what they need, or without it. */
export function findMisordered(loaded: LoadedConfig, { routes }: BuiltGateway): Finding[] {
  return routes.flatMap(({ config }, index): Finding[] => {
    const said = misplaced(config.incoming);
    if (said.length === 0) return [];
    const message = `${config.methods.join(', ')} ${config.path}: ${said.join('; ')}`;
    return [
      { rule: 'order', severity: 'warning', ...loaded.mistakeAt(`/routes/${index}`, message) },
    ];
  });
}

function misplaced(incoming: readonly FilterConfig[]): string[] {
  const names = incoming.map(filterName);
  const authenticate = names.indexOf('authenticate');
  return incoming.flatMap((filter, index) => {
    const name = filterName(filter);
    const isKnown = authenticate !== -1 && authenticate < index;
    if (name === 'authorize' && !isKnown) {
      return ['"authorize" answers 401 to everybody; list "authenticate" before it'];
    }
    if (name === 'rateLimit' && countsSubjects(filter) && !isKnown) {
      return ['"rateLimit" counts addresses, not subjects; list "authenticate" before it'];
    }
    if (BY_SUBJECT.includes(name) && authenticate > index) {
      return [`"${name}" does not know yet who asks; list it after "authenticate"`];
    }
    return [];
  });
}

function countsSubjects(filter: FilterConfig): boolean {
  if (typeof filter === 'string') return false;
  return (filter['rateLimit'] as { readonly key?: unknown } | undefined)?.key === 'subject';
}
