import type { Contract } from '../contract.ts';
import { isObject } from '../document.ts';
import type { JsonObject } from '../document.ts';
import { childPointer, referencePointer, valueAt } from '../reference.ts';

/** Under these, keys are names that somebody chose, not words of OpenAPI. */
const MAPS = new Set([
  ...['properties', 'patternProperties', '$defs', 'dependentSchemas', 'responses', 'headers'],
  ...['content', 'callbacks', 'links', 'encoding', 'variables'],
]);
/** What these hold is data. */
const DATA = new Set(['example', 'default', 'const', 'enum']);
/** A reference outside of components is written out; deeper than this, it leads round in a circle. */
const MAX_WRITTEN_OUT = 8;

interface Wanted {
  readonly upstream: string;
  readonly contract: Contract;
  readonly kind: string;
  readonly name: string;
}

/**
 * Components of several contracts in one document: each has its upstream before its name, and those
 * alone are taken that something refers to.
 */
export class Components {
  readonly #wanted = new Map<string, Wanted>();

  /** A copy of a part of a contract whose references lead to the components here. */
  copy(value: unknown, upstream: string, contract: Contract, depth = 0): unknown {
    const copyOf = (inner: unknown, inMap: boolean): unknown => {
      if (Array.isArray(inner)) return inner.map((item) => copyOf(item, false));
      if (!isObject(inner)) return inner;
      const { $ref: reference } = inner;
      if (typeof reference === 'string' && !inMap) {
        const { $ref: _, ...beside } = inner;
        const others = copyOf(beside, false) as JsonObject;
        return { ...this.#refer(reference, upstream, contract, depth), ...others };
      }
      return Object.fromEntries(
        Object.entries(inner).map(([key, part]) => {
          if (!inMap && DATA.has(key)) return [key, part];
          if (!inMap && key === 'mapping') return [key, this.#mapping(part, upstream, contract)];
          return [key, copyOf(part, !inMap && MAPS.has(key))];
        }),
      );
    };
    return copyOf(value, false);
  }

  /** The name here of a contract's component, which is then taken. */
  want(kind: string, name: string, upstream: string, contract: Contract): string {
    const here = `${upstream}.${name}`;
    const key = `${kind} ${here}`;
    if (!this.#wanted.has(key)) this.#wanted.set(key, { upstream, contract, kind, name });
    return here;
  }

  /** All that was wanted, and what that wants in turn. */
  build(): Record<string, Record<string, unknown>> {
    const components: Record<string, Record<string, unknown>> = {};
    // The map grows while it is gone through.
    for (const { upstream, contract, kind, name } of this.#wanted.values()) {
      const value = valueAt(contract.document.root, childPointer('/components', kind, name));
      const ofKind = (components[kind] ??= {});
      ofKind[`${upstream}.${name}`] = this.copy(value, upstream, contract);
    }
    return components;
  }

  #refer(reference: string, upstream: string, contract: Contract, depth: number): JsonObject {
    const pointer = referencePointer(reference);
    const found = /^\/components\/([^/]+)\/([^/]+)(.*)$/.exec(pointer);
    if (found !== null) {
      const [, kind = '', name = '', rest = ''] = found;
      const here = this.want(kind, name, upstream, contract);
      return { $ref: `#/components/${kind}/${here}${rest}` };
    }
    if (depth >= MAX_WRITTEN_OUT) return {};
    const value = valueAt(contract.document.root, pointer);
    return this.copy(value, upstream, contract, depth + 1) as JsonObject;
  }

  #mapping(mapping: unknown, upstream: string, contract: Contract): unknown {
    if (!isObject(mapping)) return mapping;
    return Object.fromEntries(
      Object.entries(mapping).map(([key, to]) => [
        key,
        typeof to === 'string' && to.startsWith('#/')
          ? this.#refer(to, upstream, contract, 0)['$ref']
          : to,
      ]),
    );
  }
}
