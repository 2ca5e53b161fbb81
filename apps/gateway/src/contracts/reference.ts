import { escapePointer, unescapePointer } from '@woodytoys/service';
import { isObject } from './document.ts';
import type { JsonObject } from './document.ts';

/** An object of a contract with the JSON pointer that it is at. */
export interface Located {
  readonly value: JsonObject;
  readonly pointer: string;
}

/** More hops than any contract has that does not lead round in a circle. */
const MAX_HOPS = 20;

/**
 * What is at a pointer, references followed to where they lead; undefined for no object.
 * @throws TypeError for a reference that leads nowhere, in a circle, or out of the document.
 */
export function locate(root: JsonObject, pointer: string): Located | undefined {
  let at = pointer;
  for (let hops = 0; hops < MAX_HOPS; hops += 1) {
    const value = valueAt(root, at);
    if (!isObject(value)) return undefined;
    const reference = value['$ref'];
    if (typeof reference !== 'string') return { value, pointer: at };
    at = referencePointer(reference);
    if (valueAt(root, at) === undefined) {
      throw new TypeError(`the reference ${reference} leads nowhere`);
    }
  }
  throw new TypeError(`the reference at ${pointer} leads round in a circle`);
}

/**
 * What is at a pointer, for who has its value: itself, or where its reference leads.
 * @throws TypeError as `locate` does.
 */
export function follow(root: JsonObject, value: unknown, pointer: string): Located | undefined {
  if (!isObject(value)) return undefined;
  const { $ref: reference } = value;
  if (typeof reference !== 'string') return { value, pointer };
  const at = referencePointer(reference);
  const found = locate(root, at);
  if (found === undefined) throw new TypeError(`the reference ${reference} leads nowhere`);
  return found;
}

/** The pointer that a `$ref` stands for, percent-encoding undone. */
export function referencePointer(reference: string): string {
  if (!reference.startsWith('#/')) {
    throw new TypeError(
      `the reference ${reference} leads out of the contract; keep it in one file`,
    );
  }
  return decodeURIComponent(reference.slice(1));
}

export function valueAt(root: JsonObject, pointer: string): unknown {
  let found: unknown = root;
  // A load looks up many thousands: nothing is made but the parts.
  for (let at = 0; at < pointer.length;) {
    const next = pointer.indexOf('/', at + 1);
    const end = next < 0 ? pointer.length : next;
    const part = unescapePointer(pointer.slice(at + 1, end));
    at = end;
    if (Array.isArray(found)) found = found[Number(part)];
    else if (isObject(found) && Object.hasOwn(found, part)) found = found[part];
    else return undefined;
  }
  return found;
}

/** A pointer's child: `/paths` and `/products` are `/paths/~1products`. */
export function childPointer(pointer: string, ...names: readonly (string | number)[]): string {
  return pointer + names.map((name) => `/${escapePointer(String(name))}`).join('');
}
