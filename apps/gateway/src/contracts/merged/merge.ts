import { isObject } from '../document.ts';
import type { JsonObject } from '../document.ts';
import { locate } from '../reference.ts';
import { Components } from './components.ts';
import { aggregateOperation } from './aggregates.ts';
import type { Exposed, ExposedOperation } from './exposed.ts';

/** What a merged contract says of itself. */
export interface MergedInfo {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
  /** URLs, absolute or relative to where the contract is served. */
  readonly servers: readonly string[];
}

/** An operation of the merged contract, without what it may have beside. */
export interface MergedOperation extends JsonObject {
  readonly operationId: string;
  readonly tags: readonly string[];
}

/** The scheme of what the gateway authenticates itself. */
const BEARER = 'bearer';

/**
 * One OpenAPI 3.1 document of operations of many contracts. Components have their upstream before
 * their names, an operationId that two contracts have too; an operation without a tag has its
 * upstream for one.
 */
export function mergeContracts(
  { operations: exposed, aggregates }: Exposed,
  { title, version, description, servers }: MergedInfo,
): JsonObject {
  const components = new Components();
  const idOf = uniqueIds(exposed);
  const paths: Record<string, Record<string, MergedOperation>> = {};
  const tags = new Map<string, unknown>();
  for (const one of exposed) {
    const item = (paths[one.path] ??= {});
    const method = one.operation.method.toLowerCase();
    // The same on another host: a document has a path once.
    if (item[method] !== undefined) continue;
    const operation = mergedOperation(one, idOf(one), components);
    item[method] = operation;
    for (const tag of operation.tags) {
      const told = tagOf(one, tag);
      if (told !== undefined || !tags.has(tag)) tags.set(tag, tags.get(tag) ?? told);
    }
  }
  for (const aggregate of aggregates) {
    const item = (paths[aggregate.path] ??= {});
    if (item['get'] !== undefined) continue;
    const operation = aggregateOperation(aggregate, components);
    item['get'] = {
      ...operation,
      ...(aggregate.authenticated && { security: [{ [BEARER]: [] }] }),
    };
    for (const tag of operation.tags) tags.set(tag, tags.get(tag));
  }
  const built = components.build();
  if ([...exposed, ...aggregates].some(({ authenticated }) => authenticated)) {
    const bearer = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' };
    built['securitySchemes'] = { ...built['securitySchemes'], [BEARER]: bearer };
  }
  return {
    openapi: '3.1.0',
    info: { title, version, ...(description !== undefined && { description }) },
    servers: servers.map((url) => ({ url })),
    tags: [...tags].map(([name, told]) => ({ name, ...(told as object | undefined) })),
    paths,
    components: built,
  };
}

function mergedOperation(
  { upstream, contract, operation, authenticated }: ExposedOperation,
  operationId: string,
  components: Components,
): MergedOperation {
  const { root } = contract.document;
  // Where an operation is served, and by whom it may be called, the gateway says.
  const { servers: _, security, tags, parameters, ...rest } = operation.value;
  const copied = components.copy(rest, upstream, contract) as JsonObject;
  const merged = mergedParameters(operation.item['parameters'], parameters, root);
  const required = authenticated
    ? [{ [BEARER]: [] }]
    : renamedSecurity(security ?? root['security'], (name) =>
        components.want('securitySchemes', name, upstream, contract),
      );
  return {
    ...copied,
    operationId,
    tags: Array.isArray(tags) && tags.length > 0 ? tags.map(String) : [upstream],
    ...(merged.length > 0 && { parameters: components.copy(merged, upstream, contract) }),
    ...(required !== undefined && { security: required }),
  };
}

/** The parameters of a path item, and of its operation in their place. */
function mergedParameters(ofItem: unknown, own: unknown, root: JsonObject): readonly unknown[] {
  const byName = new Map<string, unknown>();
  for (const list of [ofItem, own]) {
    if (!Array.isArray(list)) continue;
    for (const parameter of list as unknown[]) {
      const reference = isObject(parameter) ? parameter['$ref'] : undefined;
      const value =
        typeof reference === 'string'
          ? locate(root, decodeURIComponent(reference.slice(1)))?.value
          : parameter;
      const { in: place, name } = (value ?? {}) as { in?: unknown; name?: unknown };
      byName.set(`${String(place)} ${String(name)}`, parameter);
    }
  }
  return [...byName.values()];
}

function renamedSecurity(security: unknown, rename: (name: string) => string): unknown {
  if (!Array.isArray(security)) return undefined;
  return security.map((requirement: unknown) =>
    Object.fromEntries(
      Object.entries(requirement as object).map(([name, scopes]) => [rename(name), scopes]),
    ),
  );
}

/** What a contract says of one of its tags, its name apart. */
function tagOf({ contract }: ExposedOperation, tag: string): unknown {
  const { tags } = contract.document.root;
  if (!Array.isArray(tags)) return undefined;
  const found = tags.find((one: unknown) => isObject(one) && one['name'] === tag) as
    JsonObject | undefined;
  if (found === undefined) return undefined;
  const { name: _, ...told } = found;
  return told;
}

function uniqueIds(exposed: readonly ExposedOperation[]): (one: ExposedOperation) => string {
  const count = new Map<string, number>();
  for (const { operation } of exposed) {
    count.set(operation.id, (count.get(operation.id) ?? 0) + 1);
  }
  const taken = new Set<string>();
  return ({ upstream, operation: { id } }) => {
    const wanted = count.get(id) === 1 ? id : `${upstream}.${id}`;
    let free = wanted;
    for (let number = 2; taken.has(free); number += 1) free = `${wanted}.${number}`;
    taken.add(free);
    return free;
  };
}
