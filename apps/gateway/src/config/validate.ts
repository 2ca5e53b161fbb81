import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';

/** A mistake against the schema, by the place it is at. */
export interface SchemaMistake {
  readonly pointer: string;
  readonly message: string;
}

/** Tells every mistake of a value. */
export type Validate = (value: unknown) => readonly SchemaMistake[];

/** Makes a function that tells every mistake of a value against `schema`. */
export function createValidator(schema: Record<string, unknown>): Validate {
  const ajv = new Ajv2020({
    allErrors: true,
    // Its errors then tell the schema that they are about.
    verbose: true,
    strict: true,
    allowUnionTypes: true,
    strictTypes: false,
  });
  const validate: ValidateFunction = ajv.compile(schema);
  return (value) => {
    if (validate(value)) return [];
    return (
      (validate.errors ?? [])
        // `if` only says that one of its branches failed, which is told by itself.
        .filter(({ keyword }) => keyword !== 'if')
        .map((error) => ({ pointer: pointerOf(error), message: messageOf(error) }))
    );
  };
}

function pointerOf({ instancePath, keyword, params }: ErrorObject): string {
  const inside = keyword === 'additionalProperties' ? params['additionalProperty'] : undefined;
  return inside === undefined ? instancePath : `${instancePath}/${escapePointer(String(inside))}`;
}

function messageOf({
  instancePath,
  keyword,
  params,
  message,
  schema,
  parentSchema,
  data,
}: ErrorObject): string {
  const where = instancePath === '' ? 'the file' : instancePath.slice(1).replaceAll('/', '.');
  switch (keyword) {
    case 'additionalProperties': {
      const known = Object.keys((parentSchema?.['properties'] as object | undefined) ?? {});
      return `${where}: "${params['additionalProperty']}" is unknown; known are ${known.join(', ')}`;
    }
    case 'required':
      return `${where}: "${params['missingProperty']}" is missing`;
    case 'enum':
      return `${where}: must be one of ${(schema as unknown[]).join(', ')}`;
    case 'type':
      // YAML reads 5 and yes as what they look like.
      return params['type'] === 'string' && typeof data !== 'object'
        ? `${where}: must be text${about(parentSchema) || '; put it in quotes'}`
        : `${where}: ${message}`;
    case 'pattern':
      return `${where}: does not have the form that it needs${about(parentSchema) || ` (${params['pattern']})`}`;
    case 'propertyNames':
      return `${where}: "${params['propertyName']}" is no fitting name`;
    default:
      return `${where}: ${message}`;
  }
}

function about(schema: ErrorObject['parentSchema']): string {
  const description = schema?.['description'];
  return typeof description === 'string' ? ` (${description})` : '';
}

function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
