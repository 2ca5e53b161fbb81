import type { RouteConfig } from '../config/types.ts';
import type { PathParameters } from '../routing/path-template.ts';
import type { Contract } from './contract.ts';
import { pathNames } from './operations.ts';
import type { Operation } from './operations.ts';

/** Where a route's endpoint sends its requests, for an endpoint that has one upstream. */
export interface RouteTarget {
  readonly upstream: string;
  readonly path: string;
}

export function targetOf({ endpoint, path }: RouteConfig): RouteTarget | undefined {
  const [options] = Object.values(endpoint) as ({ upstream?: unknown; path?: unknown } | null)[];
  if (typeof options?.upstream !== 'string') return undefined;
  const { upstream, path: target } = options;
  return { upstream, path: typeof target === 'string' ? target : path };
}

/** The operation that a method of a route calls: told by the contract it was made from, or by its target. */
export function operationOf(
  route: RouteConfig,
  method: string,
  contract: Contract,
  target: RouteTarget,
): Operation | undefined {
  if (route.operation !== undefined) return contract.operations.get(route.operation);
  return contract.ofTemplate(method, target.path);
}

/**
 * Makes a function that gives a route's parameters the names that the operation has for them: the
 * first of one is the first of the other.
 */
export function renaming(
  operation: Operation,
  targetPath: string,
): (parameters: PathParameters) => PathParameters {
  const theirs = pathNames(operation.path);
  const ours = pathNames(targetPath);
  if (theirs.every((name, index) => name === ours[index])) return (parameters) => parameters;
  return (parameters) =>
    Object.fromEntries(theirs.map((name, index) => [name, parameters[ours[index] ?? name]]));
}
