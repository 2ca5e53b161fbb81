/** The contract of a service as they are written: 5 resources of 6 operations each. */
const RESOURCES = 5;

/** A call that its operation takes, relative to the service. */
export interface ValidCall {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Operations of one service. */
export const OPERATIONS = RESOURCES * 6;

export function resources(): string[] {
  return Array.from({ length: RESOURCES }, (_, resource) => `r${resource}`);
}

/** A call of each operation of a service. */
export function validCalls(): ValidCall[] {
  const body = JSON.stringify(EXAMPLE);
  const json = { 'content-type': 'application/json' };
  const tenant = { 'x-tenant': 't42' };
  return resources().flatMap((name) => [
    { method: 'GET', path: `/${name}?limit=20&state=open&state=sent`, headers: tenant },
    { method: 'POST', path: `/${name}`, headers: { ...json, ...tenant }, body },
    { method: 'GET', path: `/${name}/42`, headers: tenant },
    {
      method: 'PUT',
      path: `/${name}/42`,
      headers: { ...json, ...tenant, 'if-match': '"3"' },
      body,
    },
    { method: 'DELETE', path: `/${name}/42`, headers: tenant },
    { method: 'GET', path: `/${name}/42/details?expand=lines,address`, headers: tenant },
  ]);
}

const EXAMPLE = {
  reference: 'R-000042',
  name: 'Wooden train',
  state: 'open',
  price: { amount: 19.99, currency: 'EUR' },
  email: 'user_1@example.com',
  tags: ['new', 'wood'],
  address: { street: 'Main street 1', city: 'Brussels', zip: '1000', country: 'BE' },
  lines: [{ product: 1, quantity: 2, price: { amount: 19.99, currency: 'EUR' } }],
};

/**
 * An OpenAPI document with parameters, bodies and answers that differ from resource to resource.
 * `version` makes one that is not the same as another of the service.
 */
export function serviceContract(service: string, version: number): object {
  const paths: Record<string, object> = {};
  const schemas: Record<string, object> = { ...COMMON_SCHEMAS };
  for (const name of resources()) {
    paths[`/${name}`] = collectionItem(name);
    paths[`/${name}/{id}`] = oneItem(name);
    paths[`/${name}/{id}/details`] = detailsItem(name);
    Object.assign(schemas, resourceSchemas(name));
  }
  return {
    openapi: '3.1.0',
    info: { title: service, version: `1.0.${version}`, description: `What ${service} offers.` },
    tags: resources().map((name) => ({ name, description: `All about ${name}.` })),
    paths,
    components: { schemas, parameters: PARAMETERS, responses: RESPONSES },
  };
}

function collectionItem(name: string): object {
  return {
    parameters: [refer('parameters', 'Tenant')],
    get: {
      operationId: `list_${name}`,
      summary: `The ${name}, in the order of their ids`,
      tags: [name],
      parameters: [
        ...[refer('parameters', 'Limit'), refer('parameters', 'Cursor')],
        {
          name: 'state',
          in: 'query',
          description: 'Only those in one of these states.',
          schema: { type: 'array', items: schema(`State_${name}`), maxItems: 5 },
        },
        { name: 'since', in: 'query', schema: { type: 'string', format: 'date-time' } },
        { name: 'sort', in: 'query', schema: { enum: ['id', 'name', '-id', '-name'] } },
      ],
      responses: answers(200, 'One page.', `Page_${name}`),
    },
    post: {
      operationId: `create_${name}`,
      summary: `Add one of ${name}`,
      tags: [name],
      requestBody: bodyOf(`Input_${name}`),
      responses: answers(201, 'As it was saved.', `Item_${name}`),
    },
  };
}

function oneItem(name: string): object {
  return {
    parameters: [refer('parameters', 'Tenant'), refer('parameters', 'Id')],
    get: {
      operationId: `get_${name}`,
      summary: `One of ${name}`,
      tags: [name],
      responses: answers(200, 'It.', `Item_${name}`),
    },
    put: {
      operationId: `replace_${name}`,
      summary: `Replace one of ${name}`,
      description: 'Replaces every field; an optional one that is left out gets its default.',
      tags: [name],
      parameters: [refer('parameters', 'IfMatch')],
      requestBody: bodyOf(`Input_${name}`),
      responses: answers(200, 'As it was saved.', `Item_${name}`),
    },
    delete: {
      operationId: `delete_${name}`,
      summary: `Delete one of ${name}`,
      tags: [name],
      parameters: [refer('parameters', 'IfMatch')],
      responses: { 204: { description: 'Gone.' }, default: refer('responses', 'Problem') },
    },
  };
}

function detailsItem(name: string): object {
  return {
    parameters: [refer('parameters', 'Tenant'), refer('parameters', 'Id')],
    get: {
      operationId: `details_${name}`,
      summary: `One of ${name} with all that belongs to it`,
      tags: [name],
      parameters: [
        {
          name: 'expand',
          in: 'query',
          explode: false,
          schema: { type: 'array', items: { enum: ['lines', 'address', 'history'] } },
        },
      ],
      responses: answers(200, 'All of it.', `Details_${name}`),
    },
  };
}

function resourceSchemas(name: string): Record<string, object> {
  const input = {
    reference: { type: 'string', pattern: '^[A-Z]-[0-9]{6}$', description: 'As it is printed.' },
    name: { type: 'string', minLength: 1, maxLength: 200 },
    description: { type: 'string', maxLength: 2000, default: '' },
    state: schema(`State_${name}`),
    price: schema('Money'),
    email: { type: 'string', format: 'email' },
    due: { type: ['string', 'null'], format: 'date' },
    tags: { type: 'array', items: { type: 'string', maxLength: 40 }, uniqueItems: true },
    address: schema('Address'),
    lines: { type: 'array', minItems: 1, maxItems: 100, items: schema(`Line_${name}`) },
    [`${name}Code`]: { type: 'string', minLength: 2, maxLength: 12 },
  };
  const saved = {
    id: schema('Id'),
    version: { type: 'integer', minimum: 1 },
    createdAt: { type: 'string', format: 'date-time' },
  };
  const required = ['reference', 'name', 'state', 'lines'];
  return {
    [`State_${name}`]: { enum: ['open', 'sent', 'paid', 'closed', `${name}-hold`] },
    [`Line_${name}`]: {
      type: 'object',
      properties: {
        product: schema('Id'),
        quantity: { type: 'integer', minimum: 1, maximum: 1000 },
        price: schema('Money'),
      },
      required: ['product', 'quantity'],
      additionalProperties: false,
    },
    [`Input_${name}`]: {
      type: 'object',
      description: `What ${name} are made of.`,
      properties: input,
      required,
      additionalProperties: false,
    },
    [`Item_${name}`]: {
      type: 'object',
      properties: { ...saved, ...input },
      required: ['id', 'version', ...required],
    },
    [`Details_${name}`]: {
      allOf: [
        schema(`Item_${name}`),
        {
          type: 'object',
          properties: {
            history: {
              type: 'array',
              items: {
                type: 'object',
                properties: {
                  at: { type: 'string', format: 'date-time' },
                  state: schema(`State_${name}`),
                  by: { anyOf: [schema('Id'), { type: 'null' }] },
                },
                required: ['at', 'state'],
              },
            },
          },
        },
      ],
    },
    [`Page_${name}`]: {
      type: 'object',
      properties: {
        items: { type: 'array', items: schema(`Item_${name}`) },
        nextCursor: { type: ['string', 'null'] },
      },
      required: ['items', 'nextCursor'],
    },
  };
}

function refer(kind: string, name: string): object {
  return { $ref: `#/components/${kind}/${name}` };
}

function schema(name: string): object {
  return refer('schemas', name);
}

function bodyOf(name: string): object {
  return { required: true, content: { 'application/json': { schema: schema(name) } } };
}

function answers(status: number, description: string, name: string): object {
  return {
    [status]: { description, content: { 'application/json': { schema: schema(name) } } },
    404: refer('responses', 'Problem'),
    default: refer('responses', 'Problem'),
  };
}

const COMMON_SCHEMAS = {
  Id: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
  Money: {
    type: 'object',
    properties: {
      amount: { type: 'number', minimum: 0 },
      currency: { type: 'string', pattern: '^[A-Z]{3}$' },
    },
    required: ['amount', 'currency'],
  },
  Address: {
    type: 'object',
    properties: {
      street: { type: 'string', maxLength: 200 },
      city: { type: 'string', maxLength: 100 },
      zip: { type: 'string', maxLength: 12 },
      country: { type: 'string', pattern: '^[A-Z]{2}$' },
    },
    required: ['street', 'city', 'country'],
  },
  Problem: {
    type: 'object',
    description: 'RFC 9457.',
    properties: {
      type: { type: 'string', format: 'uri-reference' },
      title: { type: 'string' },
      status: { type: 'integer', minimum: 400, maximum: 599 },
      detail: { type: 'string' },
      errors: {
        type: 'array',
        items: {
          type: 'object',
          properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
          required: ['pointer', 'detail'],
        },
      },
    },
    required: ['title', 'status'],
  },
};

const PARAMETERS = {
  Id: { name: 'id', in: 'path', required: true, schema: schema('Id') },
  Tenant: {
    name: 'X-Tenant',
    in: 'header',
    schema: { type: 'string', pattern: '^t[0-9]+$' },
  },
  IfMatch: { name: 'If-Match', in: 'header', schema: { type: 'string', maxLength: 100 } },
  Limit: {
    name: 'limit',
    in: 'query',
    schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
  },
  Cursor: { name: 'cursor', in: 'query', schema: { type: 'string', maxLength: 200 } },
};

const RESPONSES = {
  Problem: {
    description: 'What went wrong.',
    content: { 'application/problem+json': { schema: schema('Problem') } },
  },
};
