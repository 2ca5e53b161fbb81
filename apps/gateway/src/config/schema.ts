import type { Registry } from '../plugin.ts';
import { SIZE_PATTERN } from './units.ts';
import { defaultsOf, duration, upstreamProperties, upstreamSchema } from './upstream-schema.ts';

/** Every method that a route may have. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/**
 * The JSON Schema (2020-12) of the configuration, whole: what validates it, what editors complete
 * from, and what the reference page shows. The registry gives the filters and endpoints;
 * `optionsOf` may put another schema in the place of each one's options.
 */
export function configSchema(
  { filters, endpoints }: Registry,
  optionsOf: (options: object) => object = (options) => options,
): Record<string, unknown> {
  const filter = (direction: 'incoming' | 'outgoing') => {
    const usable = [...filters.values()].filter(
      (definition) => definition[direction] ?? (direction === 'incoming' && definition.around),
    );
    return {
      description: 'A filter by its name, or by its name with its options.',
      type: ['string', 'object'],
      if: { type: 'string' },
      then: { enum: usable.map(({ name }) => name) },
      else: {
        properties: Object.fromEntries(
          usable.map(({ name, options }) => [name, optionsOf(options)]),
        ),
        additionalProperties: false,
        minProperties: 1,
        maxProperties: 1,
      },
    };
  };
  const route = routeProperties(filter('incoming'), filter('outgoing'));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'gateway.yaml',
    description: 'The configuration of the gateway: upstreams, and the routes that lead to them.',
    type: 'object',
    properties: {
      include: {
        type: 'array',
        description:
          'Files with further upstreams and routes, relative to this one; * and ** are wildcards.',
        items: { type: 'string' },
      },
      plugins: {
        type: 'array',
        description:
          'Packages with further filters and endpoints, or files, relative to this one, that begin with "./".',
        items: { type: 'string', minLength: 1 },
        uniqueItems: true,
      },
      defaults: {
        type: 'object',
        description: 'What holds for each upstream or route that does not say otherwise.',
        properties: {
          upstream: {
            type: 'object',
            properties: upstreamProperties(),
            additionalProperties: false,
          },
          route: { type: 'object', properties: route, additionalProperties: false },
        },
        additionalProperties: false,
      },
      upstreams: {
        type: 'object',
        description: 'The services that routes lead to, by name.',
        propertyNames: { pattern: '^[a-z][a-z0-9-]{0,62}$' },
        additionalProperties: upstreamSchema(),
      },
      routes: {
        type: 'array',
        description: 'What requests are answered, and how.',
        items: {
          type: 'object',
          properties: {
            path: {
              type: 'string',
              description:
                'What the path must be: parameters as {name}, * as the last segment for any rest. Static segments win over parameters.',
            },
            host: { type: 'string', description: 'Only requests for this host; any unless given.' },
            methods: {
              type: 'array',
              description: 'GET includes HEAD.',
              items: { enum: [...METHODS] },
              minItems: 1,
              uniqueItems: true,
            },
            parameters: {
              type: 'object',
              description:
                'What parameters must be, 400 otherwise: id is a positive integer, uuid, or text.',
              additionalProperties: { enum: ['id', 'uuid', 'text'] },
            },
            endpoint: {
              type: 'object',
              description: 'What answers: one endpoint by its name, with its options.',
              properties: Object.fromEntries(
                [...endpoints.values()].map(({ name, options }) => [name, optionsOf(options)]),
              ),
              additionalProperties: false,
              minProperties: 1,
              maxProperties: 1,
            },
            contract: contractSchema,
            ...route,
          },
          if: { properties: { contract: true }, required: ['contract'] },
          else: {
            properties: { path: true, methods: true, endpoint: true },
            required: ['path', 'methods', 'endpoint'],
          },
          additionalProperties: false,
        },
      },
    },
    additionalProperties: false,
  };
}

const operationIds = (description: string) => ({
  type: 'array',
  description,
  items: { type: 'string' },
  minItems: 1,
  uniqueItems: true,
});

const contractSchema = {
  type: 'object',
  description:
    "Instead of path, methods and endpoint: a route for each operation of an upstream's contract, all with the filters and times of this one.",
  properties: {
    upstream: { type: 'string', description: 'A name under `upstreams`; it has a `contract`.' },
    prefix: {
      type: 'string',
      pattern: '^(/[A-Za-z0-9._~-]+)*$',
      description: "Before each operation's path, such as /api.",
      default: '',
    },
    operations: operationIds('Which operations, by operationId; all unless given.'),
    except: operationIds('Operations that are left out.'),
  },
  required: ['upstream'],
  additionalProperties: false,
};

function routeProperties(incoming: object, outgoing: object): Record<string, object> {
  return {
    timeout: duration('How long the first byte of the answer may take, retries included.', '10s'),
    idleTimeout: duration('How long no byte may come in the middle of an answer.', '30s'),
    maxBody: {
      type: 'string',
      pattern: SIZE_PATTERN,
      description: 'The largest body of a request, 413 past it. Written as 512B, 100kB or 5MB.',
      default: '100kB',
    },
    incoming: {
      type: 'array',
      description: 'Filters before the endpoint, in their order.',
      items: incoming,
      default: [],
    },
    outgoing: {
      type: 'array',
      description: 'Filters after the endpoint, in their order.',
      items: outgoing,
      default: [],
    },
  };
}

/** The schema's own defaults of a route. */
export function routeDefaults(): Record<string, unknown> {
  return defaultsOf(routeProperties({}, {}));
}
