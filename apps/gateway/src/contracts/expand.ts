import type { RouteConfig } from '../config/types.ts';
import { parsePathTemplate } from '../routing/path-template.ts';
import type { Contract } from './contract.ts';
import { streams } from './operations.ts';
import type { Operation } from './operations.ts';

/** What a route exposes of a contract. */
export interface ContractRoute {
  readonly upstream: string;
  /** Before each operation's path. */
  readonly prefix?: string;
  /** Ids of the operations; all unless given. */
  readonly operations?: readonly string[];
  /** Ids of those that are not exposed. */
  readonly except?: readonly string[];
}

/** A route as it is written: of a contract, or with a path of its own. */
export type WrittenRoute = RouteConfig & { readonly contract?: ContractRoute };

/** What is wrong with a route: at a place inside it, or, with `operation`, in its contract. */
export type ReportMistake = (inside: string, message: string, operation?: Operation) => void;

/**
 * A route for each operation that a route of a contract exposes, all with its filters and times; a
 * route that is of no contract is itself.
 */
export function expandRoute(
  route: WrittenRoute,
  contractOf: (upstream: string) => Contract | undefined,
  report: ReportMistake,
): readonly RouteConfig[] {
  const { contract: exposed, ...common } = route;
  if (exposed === undefined) return [route];
  for (const key of ['path', 'methods', 'endpoint'] as const) {
    if (route[key] !== undefined) {
      report(`/${key}`, `a route of a contract has its ${key} from there; take "${key}" out`);
    }
  }
  const contract = contractOf(exposed.upstream);
  if (contract === undefined) {
    report(
      '/contract/upstream',
      `there is no upstream "${exposed.upstream}" with a contract; give it one: contract: FILE`,
    );
    return [];
  }
  return chosen(exposed, contract, report).flatMap((operation) => {
    try {
      return [routeOf(operation, exposed, contract, common)];
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      report('', `the operation "${operation.id}" cannot be a route: ${error.message}`, operation);
      return [];
    }
  });
}

function chosen(
  { operations, except = [] }: ContractRoute,
  contract: Contract,
  report: ReportMistake,
): readonly Operation[] {
  const known = (ids: readonly string[], key: string) =>
    ids.flatMap((id, index) => {
      const operation = contract.operations.get(id);
      if (operation === undefined) report(`/contract/${key}/${index}`, unknown(id, contract));
      return operation ?? [];
    });
  const all = operations ? known(operations, 'operations') : [...contract.operations.values()];
  const without = new Set(known(except, 'except'));
  return all.filter((operation) => !without.has(operation));
}

/** The most names that a message lists. */
const MAX_LISTED = 20;

function unknown(id: string, { document: { root }, operations }: Contract): string {
  const webhook = Object.values((root['webhooks'] ?? {}) as object)
    .flatMap((item: object) => Object.values(item) as unknown[])
    .some((one) => (one as { operationId?: unknown } | null)?.operationId === id);
  if (webhook) return `the operation "${id}" is a webhook: it has no path; take it out`;
  const ids = [...operations.keys()];
  const more = ids.length > MAX_LISTED ? `, and ${ids.length - MAX_LISTED} more` : '';
  return `the contract has no operation "${id}"; it has ${ids.slice(0, MAX_LISTED).join(', ') || 'none'}${more}`;
}

/** @throws TypeError when its path is none that a route can have. */
function routeOf(
  operation: Operation,
  { upstream, prefix = '' }: ContractRoute,
  { document }: Contract,
  common: Omit<RouteConfig, 'path' | 'methods' | 'endpoint'>,
): RouteConfig {
  const path = routePath(operation.path);
  parsePathTemplate(path);
  const kind = streams(document, operation) ? 'stream' : 'http';
  return {
    ...common,
    path: prefix + path,
    methods: [operation.method],
    endpoint: { [kind]: { upstream, path } },
    operation: operation.id,
  };
}

/** The names of a route's parameters are words: `{product-id}` is `{product_id}`. */
function routePath(path: string): string {
  return path.replaceAll(/\{([^}]*)\}/g, (_, name: string) => {
    const word = name.replaceAll(/\W/g, '_');
    return `{${/^\d/.test(word) ? `_${word}` : word}}`;
  });
}
