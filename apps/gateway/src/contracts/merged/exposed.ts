import type { RouteConfig } from '../../config/types.ts';
import type { Contract } from '../contract.ts';
import { filterName } from '../../plugin.ts';
import { pathNames } from '../operations.ts';
import type { Operation } from '../operations.ts';
import { operationOf, targetOf } from '../route-operations.ts';
import { exposedAggregates } from './aggregates.ts';
import type { ExposedAggregate } from './aggregates.ts';

/** An operation as clients of the gateway call it. */
export interface ExposedOperation {
  readonly upstream: string;
  readonly contract: Contract;
  readonly operation: Operation;
  /** The gateway's path, its parameters called as the contract calls them. */
  readonly path: string;
  /** Whether the gateway itself asks who calls. */
  readonly authenticated: boolean;
}

/** All that clients may call and that contracts describe. */
export interface Exposed {
  readonly operations: readonly ExposedOperation[];
  readonly aggregates: readonly ExposedAggregate[];
}

export function exposedOf(
  routes: readonly RouteConfig[],
  contracts: ReadonlyMap<string, Contract>,
): Exposed {
  return {
    operations: exposedOperations(routes, contracts),
    aggregates: exposedAggregates(routes, contracts, authenticates),
  };
}

/** Filters that answer in another shape than the operation's. */
const RESHAPING = new Set(['respond', 'transform', 'jsonRpc']);

/**
 * The operations that routes lead to; a path that ends in `*` says none, and an answer that is made
 * into another is not the contract's.
 */
function exposedOperations(
  routes: readonly RouteConfig[],
  contracts: ReadonlyMap<string, Contract>,
): readonly ExposedOperation[] {
  return routes.flatMap((route) => {
    const target = targetOf(route);
    if (target === undefined || route.path.endsWith('*')) return [];
    if (route.outgoing.some((filter) => RESHAPING.has(filterName(filter)))) return [];
    const contract = contracts.get(target.upstream);
    if (contract === undefined) return [];
    return route.methods.flatMap((method) => {
      const operation = operationOf(route, method, contract, target);
      if (operation === undefined || operation.method !== method) return [];
      const path = publicPath(route.path, target.path, operation);
      const { upstream } = target;
      return { upstream, contract, operation, path, authenticated: authenticates(route) };
    });
  });
}

function publicPath(path: string, target: string, operation: Operation): string {
  const ours = pathNames(target);
  const theirs = pathNames(operation.path);
  return path.replaceAll(/\{([^}]*)\}/g, (whole, name: string) => {
    const index = ours.indexOf(name);
    return index < 0 ? whole : `{${theirs[index]}}`;
  });
}

function authenticates({ incoming }: RouteConfig): boolean {
  return incoming.some((filter) => filterName(filter) === 'authenticate');
}
