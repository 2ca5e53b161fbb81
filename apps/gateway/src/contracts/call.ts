import type { RouteConfig } from '../config/types.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { parsePathTemplate, pathBuilder } from '../routing/path-template.ts';
import type { PathParameters } from '../routing/path-template.ts';
import type { Contract } from './contract.ts';
import type { Operation } from './operations.ts';
import { operationOf, renaming, targetOf } from './route-operations.ts';

/** The operation that an exchange calls, with its path's parameters under the contract's names. */
export interface Call {
  readonly operation: Operation;
  readonly parameters: PathParameters;
}

/** How `validate` is told what a route calls, where its endpoint does not say it. */
export interface CallOptions {
  readonly upstream?: string;
  readonly operation?: string;
}

export interface Caller {
  readonly upstream: string;
  readonly contract: Contract;
  /** Every operation that may be called, where that is known beforehand. */
  readonly operations: readonly Operation[];
  /** The call that an exchange is; undefined when the contract has no such operation. */
  callOf(exchange: Exchange): Call | undefined;
}

/**
 * Finds out which operations a route calls: the one that it was made from or that is named, else by
 * method and target path. A path that a filter changed, or that ends in `*`, is looked up in the
 * contract for each request.
 * @throws TypeError when there is no contract, or no such operation in it.
 */
export function createCaller(
  { upstream: named, operation: id }: CallOptions,
  route: RouteConfig,
  contractOf: (upstream: string) => Contract | undefined,
): Caller {
  const target = targetOf(route);
  const upstream = named ?? target?.upstream;
  if (upstream === undefined) {
    throw new TypeError(
      'the endpoint has no upstream whose contract could be meant; name one: { validate: { upstream: …, operation: … } }',
    );
  }
  const contract = contractOf(upstream);
  if (contract === undefined) {
    throw new TypeError(`the upstream "${upstream}" has no contract; give it one: contract: FILE`);
  }
  const path = target?.path ?? route.path;
  const buildPath = pathBuilder(parsePathTemplate(path));
  const byMethod = new Map<string, KnownCall>();
  for (const method of id !== undefined || !path.endsWith('*') ? route.methods : []) {
    const operation =
      id === undefined
        ? operationOf(route, method, contract, { upstream, path })
        : contract.operations.get(id);
    if (operation === undefined) {
      throw new TypeError(
        `the contract of "${upstream}" has no ${id === undefined ? `${method} ${path}` : `operation "${id}"`}; correct the route, or name the operation: { validate: { operation: … } }`,
      );
    }
    byMethod.set(method, { operation, rename: renaming(operation, path) });
  }
  return {
    upstream,
    contract,
    operations: [...byMethod.values()].map(({ operation }) => operation),
    callOf(exchange) {
      const { method, targetPath } = exchange;
      if (id === undefined && targetPath !== undefined) return contract.ofPath(method, targetPath);
      const known = byMethod.get(method) ?? (method === 'HEAD' ? byMethod.get('GET') : undefined);
      if (known !== undefined) {
        return { operation: known.operation, parameters: known.rename(exchange.parameters) };
      }
      // A method that a filter changed, or a path that is known only now.
      return contract.ofPath(method, buildPath(exchange.parameters));
    },
  };
}

interface KnownCall {
  readonly operation: Operation;
  readonly rename: (parameters: PathParameters) => PathParameters;
}
