import type { ScalarType } from '@woodytoys/service';
import { isObject } from './document.ts';
import type { JsonObject } from './document.ts';
import { childPointer, locate } from './reference.ts';

/** What the text of a parameter is read as: the first of `scalars` that it fits, or many of them. */
export interface ParameterType {
  readonly kind: 'scalar' | 'list' | 'object';
  readonly scalars: readonly ScalarType[];
  /** An object's properties, where the schema names them. */
  readonly properties?: ReadonlyMap<string, readonly ScalarType[]>;
}

/** From the narrowest to the widest: each text fits the last. */
const SCALARS = ['integer', 'number', 'boolean', 'string'] as const;
const MAX_DEPTH = 10;

/** What a parameter's schema asks its text to be read as. */
export function parameterType(root: JsonObject, pointer: string): ParameterType {
  const types = typesAt(root, pointer, 0);
  if (types.has('array')) {
    const items = locate(root, `${schemaWith(root, pointer, 'items')}/items`);
    return { kind: 'list', scalars: items ? scalarsAt(root, items.pointer) : ['string'] };
  }
  if (types.has('object')) {
    const at = `${schemaWith(root, pointer, 'properties')}/properties`;
    const properties = Object.keys(locate(root, at)?.value ?? {}).map((name) => {
      return [name, scalarsAt(root, childPointer(at, name))] as const;
    });
    return { kind: 'object', scalars: ['string'], properties: new Map(properties) };
  }
  return { kind: 'scalar', scalars: scalarsAt(root, pointer) };
}

function scalarsAt(root: JsonObject, pointer: string): readonly ScalarType[] {
  const types = typesAt(root, pointer, 0);
  const scalars = SCALARS.filter((type) => types.has(type));
  return scalars.length > 0 ? scalars : ['string'];
}

/** Every type that a schema speaks of, by itself or by the schemas that it is made of. */
function typesAt(root: JsonObject, pointer: string, depth: number): Set<string> {
  const found = new Set<string>();
  const schema = locate(root, pointer);
  if (schema === undefined || depth > MAX_DEPTH) return found;
  const { type, enum: values, const: value } = schema.value;
  for (const one of Array.isArray(type) ? type : [type]) {
    if (typeof one === 'string') found.add(one);
  }
  if (found.size === 0) {
    for (const one of [...(Array.isArray(values) ? values : []), value]) {
      if (one !== undefined && one !== null) found.add(typeof one);
    }
  }
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    const parts = schema.value[keyword];
    if (!Array.isArray(parts)) continue;
    for (const index of parts.keys()) {
      for (const one of typesAt(root, `${schema.pointer}/${keyword}/${index}`, depth + 1)) {
        found.add(one);
      }
    }
  }
  return found;
}

/** Where a keyword of a schema stands: in itself, or in what it is made of. */
function schemaWith(root: JsonObject, pointer: string, keyword: string): string {
  const schema = locate(root, pointer);
  if (schema === undefined || schema.value[keyword] !== undefined)
    return schema?.pointer ?? pointer;
  for (const composed of ['anyOf', 'oneOf', 'allOf']) {
    const parts = schema.value[composed];
    if (!Array.isArray(parts)) continue;
    for (const index of parts.keys()) {
      const part = locate(root, `${schema.pointer}/${composed}/${index}`);
      if (isObject(part?.value[keyword]) && part !== undefined) return part.pointer;
    }
  }
  return schema.pointer;
}
