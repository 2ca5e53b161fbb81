import { parseDocument } from 'yaml';
import { unescapePointer } from './json-pointer.ts';

/** A service's OpenAPI document, read into its operations. */
export interface Contract {
  readonly title: string;
  readonly version: string;
  /** As parsed; schemas of operations point into it. */
  readonly document: JsonObject;
  readonly operations: readonly Operation[];
}

export type JsonObject = { readonly [key: string]: unknown };

/** One method on one path. */
export interface Operation {
  readonly id: string;
  /** Upper case. */
  readonly method: string;
  /** Template, such as `/users/{id}`. */
  readonly path: string;
  /** Those in the path and in the query; headers and cookies are left to the handler. */
  readonly parameters: readonly Parameter[];
  readonly body?: RequestBody;
  /** Whether an answer is a stream without end (`text/event-stream`). */
  readonly streams: boolean;
  /** The first 2xx of its answers; 200 where it declares none. */
  readonly successStatus: number;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: JsonObject;
  /** What its text is read as. */
  readonly type: 'integer' | 'number' | 'boolean' | 'string';
}

export interface RequestBody {
  readonly required: boolean;
  /** Schema of each content type, by its name in lower case. */
  readonly content: ReadonlyMap<string, JsonObject>;
}

/** A document that is no contract; holds every mistake. */
export class ContractError extends Error {
  override readonly name = 'ContractError';

  constructor(mistakes: readonly string[]) {
    super(`The contract is not valid; correct:\n${mistakes.map((line) => `  ${line}`).join('\n')}`);
  }
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const SCALARS = new Set(['integer', 'number', 'boolean', 'string']);

/**
 * Reads an OpenAPI 3.1 document in YAML or JSON. References lead within the document only.
 * @throws ContractError with every mistake found.
 */
export function parseContract(text: string): Contract {
  const parsed = parseDocument(text);
  if (parsed.errors.length > 0) throw new ContractError(parsed.errors.map(({ message }) => message));
  const document: unknown = parsed.toJS({ maxAliasCount: 100 });
  if (!isObject(document)) throw new ContractError(['expected an OpenAPI document, found none']);
  const mistakes: string[] = [];
  if (!/^3\.1\.\d+$/.test(String(document['openapi']))) {
    mistakes.push(`openapi: expected 3.1.x, found ${String(document['openapi'])}`);
  }
  const operations = readOperations(document, mistakes);
  if (mistakes.length > 0) throw new ContractError(mistakes);
  const info = objectAt(document, 'info');
  return {
    title: String(info['title'] ?? ''),
    version: String(info['version'] ?? ''),
    document,
    operations,
  };
}

function readOperations(document: JsonObject, mistakes: string[]): Operation[] {
  const operations: Operation[] = [];
  const ids = new Set<string>();
  for (const [path, item] of Object.entries(objectAt(document, 'paths'))) {
    const pathItem = resolve(document, item);
    for (const method of METHODS) {
      if (pathItem[method] === undefined) continue;
      const where = `${method.toUpperCase()} ${path}`;
      try {
        const operation = readOperation(document, path, method, pathItem);
        if (ids.has(operation.id)) mistakes.push(`${where}: operationId ${operation.id} is taken`);
        ids.add(operation.id);
        operations.push(operation);
      } catch (error) {
        mistakes.push(`${where}: ${(error as Error).message}`);
      }
    }
  }
  return operations;
}

function readOperation(
  document: JsonObject,
  path: string,
  method: string,
  pathItem: JsonObject,
): Operation {
  const operation = resolve(document, pathItem[method]);
  const id = operation['operationId'];
  if (typeof id !== 'string') throw new Error('expected an operationId');
  const parameters = new Map<string, Parameter>();
  // An operation's parameter takes the place of the path's of the same name.
  for (const source of [...listAt(pathItem, 'parameters'), ...listAt(operation, 'parameters')]) {
    const parameter = readParameter(document, source);
    if (parameter !== undefined) parameters.set(`${parameter.in} ${parameter.name}`, parameter);
  }
  checkPathParameters(path, parameters);
  const body = operation['requestBody'];
  const responses = objectAt(operation, 'responses');
  return {
    id,
    method: method.toUpperCase(),
    path,
    parameters: [...parameters.values()],
    ...(body !== undefined && { body: readBody(document, body) }),
    successStatus: Number(Object.keys(responses).find((status) => /^2\d\d$/.test(status)) ?? 200),
    streams: Object.values(responses).some(
      (response) =>
        'text/event-stream' in objectAt(resolve(document, response), 'content'),
    ),
  };
}

function readParameter(document: JsonObject, source: unknown): Parameter | undefined {
  const parameter = resolve(document, source);
  const place = parameter['in'];
  if (place !== 'path' && place !== 'query') return undefined;
  const name = String(parameter['name']);
  const schema = objectAt(parameter, 'schema');
  const type = resolve(document, schema)['type'] ?? 'string';
  if (typeof type !== 'string' || !SCALARS.has(type)) {
    throw new Error(`parameter ${name}: expected type integer, number, boolean or string`);
  }
  return {
    name,
    in: place,
    required: place === 'path' || parameter['required'] === true,
    schema,
    type: type as Parameter['type'],
  };
}

function checkPathParameters(path: string, parameters: ReadonlyMap<string, Parameter>): void {
  const named = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name as string);
  const declared = [...parameters.values()].filter((one) => one.in === 'path').map((one) => one.name);
  if (!path.startsWith('/') || named.toSorted().join() !== declared.toSorted().join()) {
    throw new Error(
      `expected the path to begin with / and to have the parameters {${declared.join('}, {')}}`,
    );
  }
}

function readBody(document: JsonObject, source: unknown): RequestBody {
  const body = resolve(document, source);
  const content = Object.entries(objectAt(body, 'content')).map(
    ([type, media]) => [type.toLowerCase(), objectAt(resolve(document, media), 'schema')] as const,
  );
  if (content.length === 0) throw new Error('requestBody: expected a content type');
  return { required: body['required'] === true, content: new Map(content) };
}

/** The object that `value` is, or that its `$ref` leads to. */
function resolve(document: JsonObject, value: unknown): JsonObject {
  let found = value;
  for (let hops = 0; isObject(found) && typeof found['$ref'] === 'string'; hops += 1) {
    const reference = found['$ref'];
    if (!reference.startsWith('#/') || hops > 20) {
      throw new Error(`expected a reference within the document, found ${reference}`);
    }
    found = lookUp(document, reference);
  }
  if (!isObject(found)) throw new Error('expected an object');
  return found;
}

function lookUp(document: JsonObject, reference: string): unknown {
  let found: unknown = document;
  for (const part of reference.slice(2).split('/')) {
    const key = unescapePointer(decodeURIComponent(part));
    if (!isObject(found) || !Object.hasOwn(found, key)) {
      throw new Error(`the reference ${reference} leads nowhere`);
    }
    found = found[key];
  }
  return found;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isObject(value) ? value : {};
}

function listAt(parent: JsonObject, key: string): readonly unknown[] {
  const value = parent[key];
  return Array.isArray(value) ? value : [];
}
