import { AJV_CODE, escapePointer } from '@woodytoys/service';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { DataValidateFunction, DataValidationCxt } from 'ajv/dist/types/index.js';

/** A mistake against the schema, by the place it is at. */
export interface SchemaMistake {
  readonly pointer: string;
  readonly message: string;
}

/** Tells every mistake of a value. */
export type Validate = (value: unknown) => readonly SchemaMistake[];

/** A schema that is compiled when the first value has to fit it. */
export function lazily(schema: object): object {
  return { [LAZILY]: schema };
}

/**
 * Makes a function that tells every mistake of a value against `schema`. Most of a configuration's
 * schema are options that one configuration has no use for, so those are compiled `lazily`: all of
 * them take half a second.
 */
export function createValidator(schema: Record<string, unknown>): Validate {
  const ajv = new Ajv2020({
    allErrors: true,
    // Its errors then tell the schema that they are about.
    verbose: true,
    strict: true,
    allowUnionTypes: true,
    strictTypes: false,
    // What is no JSON Schema is found by a test, and told of a plugin when it is loaded.
    meta: false,
    validateSchema: false,
    code: AJV_CODE,
  });
  ajv.addKeyword({
    keyword: LAZILY,
    schemaType: 'object',
    compile: (inner) => deferred(ajv, inner),
  });
  const validate: ValidateFunction = ajv.compile(schema);
  return (value) => {
    if (validate(value)) return [];
    return (
      (validate.errors ?? [])
        .map((error: ErrorObject & { readonly own?: ErrorObject }) => error.own ?? error)
        // `if` only says that one of its branches failed, which is told by itself.
        .filter(({ keyword }) => keyword !== 'if')
        .map((error) => ({ pointer: pointerOf(error), message: messageOf(error) }))
    );
  };
}

const LAZILY = 'lazily';

/** A validator that is compiled when it is first called; Ajv keeps one for each schema. */
function deferred(ajv: Ajv2020, schema: object): DataValidateFunction {
  const check: DataValidateFunction = (value: unknown, place?: DataValidationCxt) => {
    const validate = ajv.compile(schema);
    if (validate(value)) return true;
    check.errors = (validate.errors ?? []).map((error) => {
      const instancePath = `${place?.instancePath ?? ''}${error.instancePath}`;
      // Ajv writes what it passed to this function over the error's schema and data.
      return { ...error, instancePath, own: { ...error, instancePath } };
    });
    return false;
  };
  return check;
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
