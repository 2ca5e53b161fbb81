import { AJV_CODE } from '@woodytoys/service';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { JsonObject } from './document.ts';

/** The schemas of one contract as validators, each compiled on first use. */
export interface Schemas {
  /**
   * The validator of the schema at a pointer of the contract.
   * @throws Error when the schema cannot be compiled.
   */
  at(pointer: string): ValidateFunction;
  /** The validator of a schema that refers into the contract by `schemaReference`. */
  of(schema: object): ValidateFunction;
  /** How many validators were compiled. */
  readonly compiled: number;
}

const CONTRACT = 'contract:openapi';

/** A `$ref` to the schema at a pointer of the contract. */
export function schemaReference(pointer: string): string {
  return `${CONTRACT}#${pointer.split('/').map(encodeURIComponent).join('/')}`;
}

/**
 * Makes the validators of a contract. The document itself is what Ajv looks references up in:
 * nothing is copied, and a schema that many operations refer to is compiled once.
 */
export function createSchemas(root: JsonObject): Schemas {
  let made: Ajv2020 | undefined;
  const ajv = () => (made ??= createAjv(root));
  const byPointer = new Map<string, ValidateFunction>();
  let others = 0;
  return {
    at(pointer) {
      let validate = byPointer.get(pointer);
      if (validate === undefined) {
        validate = ajv().getSchema(schemaReference(pointer));
        if (validate === undefined) throw new Error(`the contract has no schema at ${pointer}`);
        byPointer.set(pointer, validate);
      }
      return validate;
    },
    of(schema) {
      const validate = ajv().compile(schema);
      others += 1;
      return validate;
    },
    get compiled() {
      return byPointer.size + others;
    },
  };
}

function createAjv(root: JsonObject): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    // Words that Ajv does not know are OpenAPI's or somebody's own: they refuse nothing.
    strict: false,
    logger: false,
    // Compiling the meta-schemas takes 30 ms and checks what the contract's own tests check.
    meta: false,
    validateSchema: false,
    // A schema that many refer to would be written into each of them.
    inlineRefs: false,
    code: { ...AJV_CODE, regExp: Object.assign(lenientRegExp, { code: 'new RegExp' }) },
  });
  addFormats.default(ajv);
  ajv.addSchema(root, CONTRACT);
  return ajv;
}

/** Patterns are meant to be read with `u`; what it refuses (`\-`) is read without. */
function lenientRegExp(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return new RegExp(pattern, flags.replace('u', ''));
  }
}
