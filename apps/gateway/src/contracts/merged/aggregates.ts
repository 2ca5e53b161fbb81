import type { RouteConfig } from '../../config/types.ts';
import type { Contract } from '../contract.ts';
import { objectAt } from '../document.ts';
import type { JsonObject } from '../document.ts';
import { pathNames } from '../operations.ts';
import type { Operation } from '../operations.ts';
import { readContent } from '../content.ts';
import { childPointer, follow, valueAt } from '../reference.ts';
import type { Components } from './components.ts';
import type { MergedOperation } from './merge.ts';

/** A route that answers operations of several contracts as one object. */
export interface ExposedAggregate {
  readonly path: string;
  readonly parts: readonly AggregatePart[];
  readonly authenticated: boolean;
}

interface AggregatePart {
  readonly name: string;
  readonly upstream: string;
  readonly path: string;
  /** Whether the whole fails without it. */
  readonly required: boolean;
  /** True when less than the whole answer of its operation is given. */
  readonly picked: boolean;
  readonly contract: Contract;
  readonly operation: Operation;
}

interface WrittenPart {
  readonly upstream: string;
  readonly path: string;
  readonly required?: boolean;
  readonly pick?: string;
}

/** The routes of `aggregate` whose parts are operations of a contract, each of them. */
export function exposedAggregates(
  routes: readonly RouteConfig[],
  contracts: ReadonlyMap<string, Contract>,
  authenticates: (route: RouteConfig) => boolean,
): readonly ExposedAggregate[] {
  return routes.flatMap((route) => {
    const options = route.endpoint['aggregate'] as Record<string, unknown> | undefined;
    if (options === undefined || route.path.endsWith('*')) return [];
    const { mode, ...written } = options;
    const parts = Object.entries(written).flatMap(([name, value]): AggregatePart[] => {
      const { upstream, path, required = false, pick } = value as WrittenPart;
      const contract = contracts.get(upstream);
      const operation = contract?.ofTemplate('GET', path);
      if (contract === undefined || operation === undefined) return [];
      const needed = required || mode === 'all-or-nothing';
      return [
        { name, upstream, path, required: needed, picked: pick !== undefined, contract, operation },
      ];
    });
    if (parts.length < Object.keys(written).length) return [];
    return [{ path: route.path, parts, authenticated: authenticates(route) }];
  });
}

/** What the merged contract says of an aggregate: made of what its parts' contracts say. */
export function aggregateOperation(
  { path, parts }: ExposedAggregate,
  components: Components,
): MergedOperation {
  const names = parts.map(({ name }) => name);
  const optional = parts.some(({ required }) => !required);
  const properties = Object.fromEntries(
    parts.map((part) => [part.name, schemaOf(part, components)]),
  );
  const problem = problemOf(parts[0], components);
  return {
    operationId: ['get', ...path.split(/\W+/).filter(Boolean)].join('_'),
    tags: [names.join(' and ')],
    summary: `${names.map((name) => `\`${name}\``).join(' and ')} at once`,
    ...(optional && {
      description:
        'A part whose service is down is null and named in `incomplete`; the answer is 200 all the same. What is not found makes the whole 404.',
    }),
    parameters: pathNames(path).map((name) => parameterOf(name, parts, components)),
    responses: {
      200: {
        description: optional ? 'What could be had.' : 'All of it.',
        headers: {
          'X-Complete': {
            description: 'Whether no part is missing.',
            schema: { type: 'string', enum: ['true', 'false'] },
          },
        },
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: names,
              properties: {
                ...properties,
                ...(optional && {
                  incomplete: {
                    description: 'The parts that are missing; left out when none is.',
                    type: 'array',
                    items: { enum: names },
                  },
                }),
              },
            },
          },
        },
      },
      404: { description: 'One of them is not there.', ...problem },
      default: { description: 'The request could not be answered; the body says why.', ...problem },
    },
  };
}

function schemaOf(part: AggregatePart, components: Components): object {
  const found = part.picked ? undefined : answerSchema(part, '200', 'application/json');
  const schema = found === undefined ? {} : components.copy(found, part.upstream, part.contract);
  return part.required ? (schema as object) : { anyOf: [schema, { type: 'null' }] };
}

/** Problems look alike in all contracts: the first part's stands for them. */
function problemOf(part: AggregatePart | undefined, components: Components): object {
  if (part === undefined) return {};
  const type = 'application/problem+json';
  const found = answerSchema(part, 'default', type);
  if (found === undefined) return {};
  return { content: { [type]: { schema: components.copy(found, part.upstream, part.contract) } } };
}

function answerSchema(
  { contract, operation: { pointer, value } }: AggregatePart,
  status: string,
  type: string,
): unknown {
  const { root } = contract.document;
  const at = childPointer(pointer, 'responses', status);
  const answer = follow(root, objectAt(value, 'responses')[status], at);
  const media = answer && readContent(root, answer.pointer, answer.value).get(type);
  return media?.schemaPointer === undefined ? undefined : valueAt(root, media.schemaPointer);
}

/** A parameter as the part that uses it has it. */
function parameterOf(
  name: string,
  parts: readonly AggregatePart[],
  components: Components,
): object {
  const common = { name, in: 'path', required: true };
  for (const { path, operation, contract, upstream } of parts) {
    const index = pathNames(path).indexOf(name);
    const theirs = pathNames(operation.path)[index];
    for (const list of [operation.value['parameters'], operation.item['parameters']]) {
      for (const one of Array.isArray(list) ? list : []) {
        const value = follow(contract.document.root, one, '')?.value;
        if (value?.['in'] !== 'path' || value['name'] !== theirs) continue;
        const { schema, description } = components.copy(value, upstream, contract) as JsonObject;
        return { ...common, ...(description !== undefined && { description }), schema };
      }
    }
  }
  return { ...common, schema: { type: 'string' } };
}
