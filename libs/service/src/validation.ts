import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { AJV_CODE } from './ajv-code.ts';
import type { Contract, JsonObject, Operation, Parameter } from './contract.ts';
import type { FieldError } from './errors.ts';
import { MAX_FIELD_ERRORS, NOT_DECODED, fieldErrors } from './field-errors.ts';
import { escapePointer } from './json-pointer.ts';
import { decodeQueryText, readScalar } from './parameter-text.ts';

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
    code: AJV_CODE,
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
        if (given !== undefined) params[parameter.name] = readScalar(parameter.type, given);
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
    const name = decodeQueryText(rawName);
    const value = decodeQueryText(equals < 0 ? '' : pair.slice(equals + 1));
    const pointer = `/query/${escapePointer(name ?? rawName)}`;
    const parameter = known.get(name ?? '');
    if (name === undefined || value === undefined) {
      errors.push({ pointer, detail: NOT_DECODED });
    } else if (parameter === undefined) {
      errors.push({ pointer, detail: 'is not a known parameter' });
    } else if (Object.hasOwn(query, name)) {
      errors.push({ pointer, detail: 'is given more than once' });
    } else {
      query[name] = readScalar(parameter.type, value);
    }
    if (errors.length >= MAX_FIELD_ERRORS) break;
  }
  return query;
}
