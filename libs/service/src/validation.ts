import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Contract, JsonObject, Operation, Parameter } from './contract.ts';
import type { FieldError } from './errors.ts';

/** A request's parameters as its handler gets them, or what is wrong with them. */
export interface CheckedParameters {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly errors: readonly FieldError[];
}

/** Checks requests of one operation; compiles its schemas on first use. */
export interface OperationValidator {
  /**
   * Reads numbers and booleans out of the text, fills in defaults.
   * @param path values of the path's parameters, percent-decoded
   * @param rawQuery what follows `?` in the request target, as it came
   */
  parameters(path: Readonly<Record<string, string>>, rawQuery: string): CheckedParameters;
  /** Mistakes of a parsed body; fills in defaults. */
  body(value: unknown, contentType?: string): readonly FieldError[];
}

/** Makes the validators of a contract's operations. */
export function createValidators(contract: Contract): (operation: Operation) => OperationValidator {
  let ajv: Ajv2020 | undefined;
  const compile = (schema: JsonObject): ValidateFunction => {
    ajv ??= createAjv(contract);
    return ajv.compile(rebase(schema) as JsonObject);
  };
  return (operation) => createOperationValidator(operation, compile);
}

/**
 * Compiles every schema of the contract, for its tests: on a running service that is done at the
 * first request of each operation.
 * @throws Error for a schema that Ajv refuses in strict mode.
 */
export function checkContract(contract: Contract): void {
  const validatorOf = createValidators(contract);
  for (const operation of contract.operations) {
    const validator = validatorOf(operation);
    validator.parameters({}, '');
    for (const type of operation.body?.content.keys() ?? []) validator.body(null, type);
  }
}

/** Where the contract's schemas are for Ajv; nothing is ever fetched. */
const SCHEMAS = 'http://contract.invalid/schemas';
const REFERENCE = '#/components/schemas/';
const MAX_ERRORS = 20;

function createAjv(contract: Contract): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    useDefaults: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    // Compiling the meta-schemas costs each process 30 ms; strict mode finds unknown words as well.
    meta: false,
    validateSchema: false,
  });
  ajv.addVocabulary(['example', 'xml', 'externalDocs', 'discriminator']);
  addFormats.default(ajv);
  const { schemas = {} } = (contract.document['components'] ?? {}) as { schemas?: JsonObject };
  ajv.addSchema({ $id: SCHEMAS, $defs: rebase(schemas) });
  return ajv;
}

/** A schema of the document with its references as Ajv finds them. */
function rebase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rebase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key !== '$ref' || typeof inner !== 'string') return [key, rebase(inner)];
      if (!inner.startsWith(REFERENCE)) {
        throw new Error(`Expected a schema to refer to ${REFERENCE}…, found ${inner}.`);
      }
      return [key, `${SCHEMAS}#/$defs/${inner.slice(REFERENCE.length)}`];
    }),
  );
}

function createOperationValidator(
  operation: Operation,
  compile: (schema: JsonObject) => ValidateFunction,
): OperationValidator {
  let validateParameters: ValidateFunction | undefined;
  const validateBody = new Map<string, ValidateFunction>();
  const inQuery = new Map(
    operation.parameters.filter((one) => one.in === 'query').map((one) => [one.name, one]),
  );
  const inPath = operation.parameters.filter((one) => one.in === 'path');

  return {
    parameters(path, rawQuery) {
      validateParameters ??= compile({
        type: 'object',
        properties: { path: objectSchema(inPath), query: objectSchema([...inQuery.values()]) },
      });
      const errors: FieldError[] = [];
      const params: Record<string, unknown> = {};
      for (const parameter of inPath) {
        const given = path[parameter.name];
        if (given !== undefined) params[parameter.name] = coerce(parameter, given);
      }
      const query = readQuery(rawQuery, inQuery, errors);
      if (errors.length === 0 && !validateParameters({ path: params, query })) {
        errors.push(...fieldErrors(validateParameters.errors, ''));
      }
      return { params, query, errors };
    },

    body(value, contentType = 'application/json') {
      let validate = validateBody.get(contentType);
      if (validate === undefined) {
        const schema = operation.body?.content.get(contentType);
        if (schema === undefined) throw new Error(`${operation.id} has no body of ${contentType}`);
        validate = compile(schema);
        validateBody.set(contentType, validate);
      }
      return validate(value) ? [] : fieldErrors(validate.errors, '/body');
    },
  };
}

function objectSchema(parameters: readonly Parameter[]): JsonObject {
  return {
    type: 'object',
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
  };
}

function readQuery(
  rawQuery: string,
  known: ReadonlyMap<string, Parameter>,
  errors: FieldError[],
): Record<string, unknown> {
  const query: Record<string, unknown> = {};
  if (rawQuery === '') return query;
  for (const pair of rawQuery.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const rawName = equals < 0 ? pair : pair.slice(0, equals);
    const name = decode(rawName);
    const value = decode(equals < 0 ? '' : pair.slice(equals + 1));
    const pointer = `/query/${escapePointer(name ?? rawName)}`;
    const parameter = known.get(name ?? '');
    if (name === undefined || value === undefined) {
      errors.push({ pointer, detail: 'is not percent-encoded UTF-8, or holds a NUL character' });
    } else if (parameter === undefined) {
      errors.push({ pointer, detail: 'is not a known parameter' });
    } else if (Object.hasOwn(query, name)) {
      errors.push({ pointer, detail: 'is given more than once' });
    } else {
      query[name] = coerce(parameter, value);
    }
    if (errors.length >= MAX_ERRORS) break;
  }
  return query;
}

function decode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '));
    return decoded.includes('\0') ? undefined : decoded;
  } catch {
    // Malformed percent-encoding; the caller reports it.
    return undefined;
  }
}

/** The value that the text of a parameter stands for, or the text where it stands for none. */
function coerce({ type }: Parameter, given: string): unknown {
  switch (type) {
    case 'integer': {
      const value = /^-?(0|[1-9]\d*)$/.test(given) ? Number(given) : NaN;
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : given;
    }
    case 'number':
      return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(given) && Number.isFinite(Number(given))
        ? Number(given)
        : given;
    case 'boolean':
      return given === 'true' ? true : given === 'false' ? false : given;
    case 'string':
      return given;
  }
}

function fieldErrors(
  errors: readonly ErrorObject[] | null | undefined,
  prefix: string,
): FieldError[] {
  return (errors ?? []).slice(0, MAX_ERRORS).map((error) => {
    const at = `${prefix}${error.instancePath}`;
    const { params } = error as { params: Record<string, unknown> };
    switch (error.keyword) {
      case 'required':
      case 'dependentRequired':
        return { pointer: child(at, params['missingProperty']), detail: 'is missing' };
      case 'additionalProperties':
        return { pointer: child(at, params['additionalProperty']), detail: 'is not a known field' };
      case 'unevaluatedProperties':
        return {
          pointer: child(at, params['unevaluatedProperty']),
          detail: 'is not a known field',
        };
      case 'enum':
        return {
          pointer: at,
          detail: `must be one of ${(params['allowedValues'] as unknown[]).map((value) => JSON.stringify(value)).join(', ')}`,
        };
      case 'type':
        return {
          pointer: at,
          detail: `must be ${TYPE_WORDS[String(params['type'])] ?? `of type ${String(params['type'])}`}`,
        };
      default:
        return { pointer: at, detail: error.message ?? 'is not valid' };
    }
  });
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  integer: 'a whole number in digits, at most 2^53-1',
  number: 'a number in digits',
  boolean: 'true or false',
  string: 'a text',
  object: 'an object',
  array: 'a list',
  null: 'null',
};

function child(pointer: string, name: unknown): string {
  return `${pointer}/${escapePointer(String(name))}`;
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
