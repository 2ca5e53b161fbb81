import type { Operation } from './contract.ts';

/** A path template with its operations. */
export interface PathRoute {
  /** Template, such as `/reports/{id}.csv`. */
  readonly path: string;
  /** The same in the syntax of Express 5. */
  readonly pattern: string;
  readonly operations: readonly Operation[];
  /** Value of the `Allow` header. */
  readonly allow: string;
}

/** Operations by path, those with more fixed text first: a request takes the first that fits. */
export function pathRoutes(operations: readonly Operation[]): PathRoute[] {
  return [...Map.groupBy(operations, ({ path }) => path)]
    .toSorted(([left], [right]) => compareTemplates(left, right))
    .map(([path, ofPath]) => ({
      path,
      pattern: expressPattern(path),
      operations: ofPath,
      allow: allowed(ofPath),
    }));
}

/** Orders templates segment by segment: fixed text, then text around a parameter, then a parameter. */
export function compareTemplates(left: string, right: string): number {
  const lefts = left.split('/');
  const rights = right.split('/');
  for (let index = 0; index < Math.min(lefts.length, rights.length); index += 1) {
    const order = freedom(lefts[index] as string) - freedom(rights[index] as string);
    if (order !== 0) return order;
  }
  return lefts.length - rights.length;
}

/** How much a segment leaves open: 0 for fixed text, most for a parameter alone. */
function freedom(segment: string): number {
  if (!segment.includes('{')) return 0;
  const fixed = segment.replaceAll(/\{[^}]*\}/g, '').length;
  return 1 + 1 / (1 + fixed);
}

/** Express 5 takes `{}()[]+?!:*\` as syntax; in a template only the braces of a parameter are. */
export function expressPattern(template: string): string {
  return template
    .split(/(\{[^}]*\})/)
    .map((part) =>
      part.startsWith('{')
        ? `:${JSON.stringify(part.slice(1, -1))}`
        : part.replaceAll(/[{}()[\]+?!:*\\]/g, '\\$&'),
    )
    .join('');
}

function allowed(operations: readonly Operation[]): string {
  const methods = new Set(operations.map(({ method }) => method));
  if (operations.some(({ method, streams }) => method === 'GET' && !streams)) methods.add('HEAD');
  return [...methods].sort().join(', ');
}
