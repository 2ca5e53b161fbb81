import type { ValidateFunction } from 'ajv/dist/2020.js';
import { contentTypeUnsupported, fieldErrors, problem } from '@woodytoys/service';
import type { FieldError } from '@woodytoys/service';
import { readContent } from './content.ts';
import type { MediaType } from './content.ts';
import type { ContractDocument } from './document.ts';
import { isUtf8, matchMediaType, mediaTypeOf } from './media-type.ts';
import type { Operation } from './operations.ts';
import type { Parameter, ReadParameters } from './parameters.ts';
import { readHeaders, readQuery, readText } from './read-call.ts';
import type { QueryParameters } from './read-call.ts';
import { follow } from './reference.ts';
import { schemaReference } from './schemas.ts';
import type { Schemas } from './schemas.ts';

/** Checks calls of one operation; its schemas are compiled on first use. */
export interface CallValidator {
  /**
   * What is wrong with a call's parameters.
   * @param path the path's parameters, percent-decoded, under the contract's names
   * @param query what the call has from `?` on
   * @param headers names in lower case and values in turn
   */
  parameters(
    path: Readonly<Record<string, string | undefined>>,
    query: string,
    headers: readonly string[],
  ): readonly FieldError[];
  /** Whether a call may have a body, or must. */
  readonly body: 'none' | 'optional' | 'required';
  /**
   * What checks a body of this content type; undefined when any body of it is right.
   * @throws ProblemError 415 for a content type that the operation does not take.
   */
  bodyOf(contentType: string | undefined): ((value: unknown) => readonly FieldError[]) | undefined;
}

const NONE: readonly FieldError[] = [];
/** Where parameters without a name are checked: told as parts of the query. */
const REST = '/rest';
/** In an operation, its path item or the contract: false refuses names that no parameter has. */
const CLOSED_QUERY = 'x-additional-query';

/** @throws TypeError for a parameter that cannot be read, or a reference that leads nowhere. */
export function createCallValidator(
  document: ContractDocument,
  operation: Operation,
  schemas: Schemas,
  readParameters: ReadParameters,
): CallValidator {
  const parameters = readParameters(operation);
  const inPath = parameters.filter((one) => one.in === 'path');
  const inHeaders = parameters.filter((one) => one.in === 'header');
  const inQuery = parameters.filter((one) => one.in === 'query');
  const rest = inQuery.find(
    (one) => one.type.kind === 'object' && one.style === 'form' && !one.json,
  );
  const query: QueryParameters = {
    named: new Map(inQuery.filter((one) => one !== rest).map((one) => [one.name, one])),
    rest,
    closed: closedQuery(document, operation),
  };
  const nothing = parameters.length === 0 && !query.closed;
  const body = follow(
    document.root,
    operation.value['requestBody'],
    `${operation.pointer}/requestBody`,
  );
  const content: ReadonlyMap<string, MediaType> =
    body === undefined ? new Map() : readContent(document.root, body.pointer, body.value);
  let validate: ValidateFunction | undefined;

  return {
    parameters(path, rawQuery, headers) {
      if (nothing && rawQuery === '') return NONE;
      validate ??= schemas.of(parametersSchema({ inPath, inHeaders, query }));
      const read = readQuery(rawQuery, query);
      const value = {
        path: readPath(path, inPath),
        query: read.query,
        header: inHeaders.length === 0 ? {} : readHeaders(headers, inHeaders),
        rest: read.rest,
      };
      if (read.errors.length > 0) return read.errors;
      if (validate(value)) return NONE;
      return fieldErrors(validate.errors, '').map((error) =>
        error.pointer.startsWith(REST)
          ? { ...error, pointer: `/query${error.pointer.slice(REST.length)}` }
          : error,
      );
    },
    body: body === undefined ? 'none' : body.value['required'] === true ? 'required' : 'optional',
    bodyOf(contentType) {
      const type = mediaTypeOf(contentType);
      const media = matchMediaType(content, type);
      if (media === undefined) throw contentTypeUnsupported(type, [...content.keys()]);
      const { schemaPointer } = media;
      if (schemaPointer === undefined) return undefined;
      if (!isUtf8(contentType)) {
        throw problem('WT-MEDIA-TYPE-UNSUPPORTED', 'The body has another charset; send UTF-8.');
      }
      return (value) => {
        const check = schemas.at(schemaPointer);
        return check(value) ? NONE : fieldErrors(check.errors, '/body');
      };
    },
  };
}

function readPath(
  path: Readonly<Record<string, string | undefined>>,
  parameters: readonly Parameter[],
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const parameter of parameters) {
    const text = path[parameter.name];
    if (text !== undefined) values[parameter.name] = readText(parameter, text);
  }
  return values;
}

function closedQuery({ root }: ContractDocument, { value, item }: Operation): boolean {
  return (value[CLOSED_QUERY] ?? item[CLOSED_QUERY] ?? root[CLOSED_QUERY]) === false;
}

function parametersSchema({
  inPath,
  inHeaders,
  query: { named, rest },
}: {
  readonly inPath: readonly Parameter[];
  readonly inHeaders: readonly Parameter[];
  readonly query: QueryParameters;
}): object {
  return {
    type: 'object',
    properties: {
      path: objectSchema(inPath),
      query: objectSchema([...named.values()]),
      header: objectSchema(inHeaders),
      ...(rest && { rest: { $ref: schemaReference(rest.schemaPointer) } }),
    },
  };
}

function objectSchema(parameters: readonly Parameter[]): object {
  return {
    type: 'object',
    properties: Object.fromEntries(
      parameters.map(({ name, schemaPointer }) => [name, { $ref: schemaReference(schemaPointer) }]),
    ),
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
  };
}
