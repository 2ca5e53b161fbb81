import { isObject, objectAt } from './document.ts';
import type { JsonObject } from './document.ts';
import { isJson } from './media-type.ts';
import { childPointer, locate } from './reference.ts';

/** One content type of a body in a contract. */
export interface MediaType {
  /** Where its schema is; undefined where there is none, or the body is no JSON. */
  readonly schemaPointer: string | undefined;
}

/** The content types of a request body or an answer, by their names in lower case. */
export function readContent(
  root: JsonObject,
  pointer: string,
  value: JsonObject,
): ReadonlyMap<string, MediaType> {
  const content = new Map<string, MediaType>();
  for (const name of Object.keys(objectAt(value, 'content'))) {
    const type = name.toLowerCase().split(';')[0]?.trim() ?? '';
    const media = locate(root, childPointer(pointer, 'content', name));
    const checked = isJson(type) && media !== undefined && isObject(media.value['schema']);
    content.set(type, { schemaPointer: checked ? `${media.pointer}/schema` : undefined });
  }
  return content;
}
