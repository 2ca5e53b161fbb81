import type { FieldError } from './errors.ts';
import { escapePointer } from './json-pointer.ts';

/** The most mistakes that one answer tells. */
export const MAX_FIELD_ERRORS = 20;

/** Said of a name or value that percent-decoding cannot read. */
export const NOT_DECODED = 'is not percent-encoded UTF-8, or holds a NUL character';

/** The part of Ajv's error that is told. */
export interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

/** What Ajv says against a value, in the words that every service uses; at most 20 of it. */
export function fieldErrors(
  errors: readonly SchemaError[] | null | undefined,
  prefix: string,
): FieldError[] {
  return (errors ?? []).slice(0, MAX_FIELD_ERRORS).map((error) => {
    const at = `${prefix}${error.instancePath}`;
    const { params } = error;
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
