/** 1,500 operations: 50 services with 5 resources of 6 operations each. */
const SERVICES = 50;
const RESOURCES = 5;

/** What is asked for: an operation in the middle. */
export const PATH = '/s25/r2/42/details';

/** The files of a configuration, `gateway.yaml` first; each round is another, so nothing is kept. */
export type WriteConfiguration = (
  backendUrl: string,
  round: number,
) => Readonly<Record<string, string>>;

interface Operation {
  readonly method: string;
  readonly path: string;
}

export const CONFIGURATIONS: Readonly<Record<string, WriteConfiguration>> = {
  '1,500 routes in one YAML file': (backendUrl, round) => {
    const routes = services().flatMap((service) =>
      operations().map(
        ({ method, path }) =>
          `  - path: /${service}${path}
    methods: [${method}]
    timeout: ${round + 1}s
    incoming:
      - rateLimit: { limit: 1000000, window: 1m }
    endpoint: { http: { upstream: ${service}, path: '${path}' } }`,
      ),
    );
    return { 'gateway.yaml': `${upstreams(backendUrl, round)}\nroutes:\n${routes.join('\n')}\n` };
  },
  '1,500 operations of 50 contracts in JSON': (backendUrl, round) => {
    const routes = services().map(
      (service) =>
        `  - contract: { upstream: ${service}, prefix: /${service} }\n    timeout: ${round + 1}s`,
    );
    const contracts = services().map((service) => [
      `${service}.json`,
      JSON.stringify(contract(service, round), null, 2),
    ]);
    return {
      'gateway.yaml': `${upstreams(backendUrl, round, true)}\nroutes:\n${routes.join('\n')}\n`,
      ...(Object.fromEntries(contracts) as Record<string, string>),
    };
  },
};

function services(): string[] {
  return Array.from({ length: SERVICES }, (_, service) => `s${service}`);
}

function operations(): Operation[] {
  return Array.from({ length: RESOURCES }, (_, resource) => `/r${resource}`).flatMap((path) => [
    { method: 'GET', path },
    { method: 'POST', path },
    { method: 'GET', path: `${path}/{id}` },
    { method: 'PUT', path: `${path}/{id}` },
    { method: 'DELETE', path: `${path}/{id}` },
    { method: 'GET', path: `${path}/{id}/details` },
  ]);
}

function upstreams(backendUrl: string, round: number, withContract = false): string {
  const lines = services().map((service) => {
    const contract = withContract ? `, contract: ${service}.json` : '';
    return `  ${service}: { discover: '${backendUrl}', connections: ${64 + (round % 2)}${contract} }`;
  });
  return `upstreams:\n${lines.join('\n')}`;
}

/** An OpenAPI document with a schema for each body. */
function contract(service: string, round: number): object {
  const item = {
    type: 'object',
    properties: {
      id: { type: 'integer', minimum: 1 },
      name: { type: 'string', minLength: 1, maxLength: 200 },
      price: { type: 'number', minimum: 0 },
    },
    required: ['id', 'name'],
  };
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path } of operations()) {
    const content = { 'application/json': { schema: item } };
    const hasId = path.includes('{id}');
    const hasBody = method === 'POST' || method === 'PUT';
    (paths[path] ??= {})[method.toLowerCase()] = {
      operationId: `${method.toLowerCase()}${path.replaceAll(/\W+/g, '-')}`,
      parameters: hasId
        ? [{ name: 'id', in: 'path', required: true, schema: { type: 'integer', minimum: 1 } }]
        : [],
      ...(hasBody && { requestBody: { required: true, content } }),
      responses: { 200: { description: 'The item.', content } },
    };
  }
  return { openapi: '3.1.0', info: { title: service, version: `1.0.${round}` }, paths };
}
