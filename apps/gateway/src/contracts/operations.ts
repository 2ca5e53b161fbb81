import { METHODS } from '../config/schema.ts';
import { isObject, objectAt } from './document.ts';
import type { ContractDocument, JsonObject } from './document.ts';
import { childPointer, follow, locate } from './reference.ts';

/** One method on one path of a contract. */
export interface Operation {
  /** Its `operationId`, or one made of method and path. */
  readonly id: string;
  /** Upper case. */
  readonly method: string;
  /** Template, such as `/products/{id}`. */
  readonly path: string;
  /** Where it is in the contract. */
  readonly pointer: string;
  /** Where its path item is. */
  readonly itemPointer: string;
  readonly item: JsonObject;
  readonly value: JsonObject;
}

/**
 * The operations of a contract, in its order.
 * @throws TypeError for a reference that leads nowhere.
 */
export function readOperations({ root }: ContractDocument): readonly Operation[] {
  const operations: Operation[] = [];
  for (const path of Object.keys(objectAt(root, 'paths'))) {
    const item = locate(root, childPointer('/paths', path));
    if (item === undefined || path.startsWith('x-')) continue;
    for (const method of METHODS) {
      const key = method.toLowerCase();
      const value = item.value[key];
      if (!isObject(value)) continue;
      const { operationId } = value;
      operations.push({
        id: typeof operationId === 'string' ? operationId : madeId(key, path),
        method,
        path,
        pointer: childPointer(item.pointer, key),
        itemPointer: item.pointer,
        item: item.value,
        value,
      });
    }
  }
  return operations;
}

/** Whether an answer is a stream without end. */
export function streams({ root }: ContractDocument, { pointer, value }: Operation): boolean {
  return Object.entries(objectAt(value, 'responses')).some(([status, answer]) => {
    const response = follow(root, answer, childPointer(pointer, 'responses', status));
    return response !== undefined && 'text/event-stream' in objectAt(response.value, 'content');
  });
}

/** `/products/{id}` whatever its parameters are called. */
export function pathShape(path: string): string {
  return path.replaceAll(/\{[^}]*\}/g, '{}');
}

/** The names of a path's parameters, in their order. */
export function pathNames(path: string): readonly string[] {
  return [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name as string);
}

function madeId(method: string, path: string): string {
  const words = path.split(/\W+/).filter((word) => word !== '');
  return [method, ...words].join('_');
}
