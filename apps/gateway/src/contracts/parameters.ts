import { isObject } from './document.ts';
import type { ContractDocument, JsonObject } from './document.ts';
import type { Operation } from './operations.ts';
import { parameterType } from './parameter-type.ts';
import type { ParameterType } from './parameter-type.ts';
import { childPointer, follow } from './reference.ts';
import type { Located } from './reference.ts';

/** A parameter of an operation, and how its value is written (OpenAPI 3.1, "Style Values"). */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly style: Style;
  readonly explode: boolean;
  readonly type: ParameterType;
  /** True when its text is JSON (`content: application/json`). */
  readonly json: boolean;
  readonly schemaPointer: string;
}

export type Style = 'simple' | 'form' | 'spaceDelimited' | 'pipeDelimited' | 'deepObject';

const DEFAULT_STYLE = { path: 'simple', query: 'form', header: 'simple' } as const;
const STYLES: Readonly<Record<Parameter['in'], readonly string[]>> = {
  path: ['simple'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
};
/** Headers that OpenAPI says elsewhere: by security, content and responses. */
const NOT_PARAMETERS = new Set(['accept', 'content-type', 'authorization']);

/**
 * The parameters of an operation, those of its path item included; cookies are left to the service.
 * @throws TypeError for one that is not written in a style that can be read.
 */
export type ReadParameters = (operation: Operation) => readonly Parameter[];

/** Makes what reads the parameters of a contract: one that many operations refer to is read once. */
export function createParameterReader({ root }: ContractDocument): ReadParameters {
  const known = new Map<string, Parameter | undefined>();
  const read = (value: unknown, at: string): Parameter | undefined => {
    const located = follow(root, value, at);
    if (located === undefined) throw new TypeError('a parameter is no object');
    const { pointer } = located;
    if (!known.has(pointer)) known.set(pointer, readParameter(root, located));
    return known.get(pointer);
  };
  return ({ value, pointer, item, itemPointer }) => {
    const found = new Map<string, Parameter>();
    // An operation's parameter takes the place of its path's of the same name.
    for (const [source, at] of [
      [item, itemPointer],
      [value, pointer],
    ] as const) {
      const list = source['parameters'];
      if (!Array.isArray(list)) continue;
      for (const [index, one] of list.entries()) {
        const parameter = read(one, `${at}/parameters/${index}`);
        if (parameter !== undefined) found.set(`${parameter.in} ${parameter.name}`, parameter);
      }
    }
    return [...found.values()];
  };
}

function readParameter(root: JsonObject, { pointer, value }: Located): Parameter | undefined {
  const place = value['in'];
  if (place !== 'path' && place !== 'query' && place !== 'header') return undefined;
  const given = String(value['name']);
  const name = place === 'header' ? given.toLowerCase() : given;
  if (place === 'header' && NOT_PARAMETERS.has(name)) return undefined;
  const { content } = value;
  const schemaPointer = isObject(content)
    ? childPointer(pointer, 'content', Object.keys(content)[0] ?? '', 'schema')
    : `${pointer}/schema`;
  const style = String(value['style'] ?? DEFAULT_STYLE[place]);
  const explode = typeof value['explode'] === 'boolean' ? value['explode'] : style === 'form';
  const type = parameterType(root, schemaPointer);
  const readable =
    type.kind !== 'object' || style === 'deepObject' || (style === 'form' && explode);
  if (!isObject(content) && (!STYLES[place].includes(style) || !readable)) {
    throw new TypeError(
      `the parameter "${given}" is ${type.kind === 'object' ? 'an object ' : ''}of style ${style}, which cannot be read; use ${STYLES[place].join(', ')}`,
    );
  }
  return {
    name,
    in: place,
    required: place === 'path' || value['required'] === true,
    style: style as Style,
    explode,
    type,
    json: isObject(content),
    schemaPointer,
  };
}
