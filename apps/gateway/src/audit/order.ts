import type { BuiltGateway } from '../routing/build.ts';
import type { LoadedConfig } from '../config/merge.ts';
import type { FilterConfig } from '../config/types.ts';
import { filterName } from '../plugin.ts';
import type { Finding } from './finding.ts';

/** Filters without what they need; one that comes before it is a mistake that its filter tells. */
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
  if (incoming.map(filterName).includes('authenticate')) return [];
  return incoming.flatMap((filter) => {
    if (filterName(filter) === 'authorize') {
      return ['"authorize" answers 401 to everybody; list "authenticate" before it'];
    }
    return countsSubjects(filter)
      ? ['"rateLimit" counts addresses, not subjects; list "authenticate" before it']
      : [];
  });
}

function countsSubjects(filter: FilterConfig): boolean {
  if (typeof filter === 'string') return false;
  return (filter['rateLimit'] as { readonly key?: unknown } | undefined)?.key === 'subject';
}
