import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError, checkContract, parseContract } from '../src/index.ts';
import { compareTemplates, expressPattern, pathRoutes } from '../src/routes.ts';
import { CONTRACT } from './support/contract.ts';

function documentWith(paths: unknown, rest: object = {}): string {
  return JSON.stringify({ openapi: '3.1.0', info: { title: 't', version: '1' }, paths, ...rest });
}

function refusal(text: string): string {
  try {
    parseContract(text);
  } catch (error) {
    if (error instanceof ContractError) return error.message;
    throw error;
  }
  return 'accepted';
}

const responses = { 200: { description: 'ok' } };

describe('a contract', () => {
  it('is read into its operations', () => {
    const { title, version, operations } = parseContract(CONTRACT);
    expect({ title, version }).toEqual({ title: 'Test', version: '1' });
    expect(operations.map(({ method, path, id }) => `${method} ${path} ${id}`)).toEqual([
      'GET /users listUsers',
      'POST /users createUser',
      'GET /users/{id} getUser',
      'DELETE /users/{id} deleteUser',
      'PATCH /users/{id} touchUser',
      'GET /reports/consolidated getConsolidated',
      'GET /reports/{id} getReport',
      'GET /reports/{id}.csv getReportCsv',
      'GET /reports/{id}/events followReport',
    ]);
    const byId = new Map(operations.map((operation) => [operation.id, operation]));
    expect(byId.get('getUser')?.parameters).toEqual([
      {
        name: 'id',
        in: 'path',
        required: true,
        schema: { $ref: '#/components/schemas/Id' },
        type: 'integer',
      },
    ]);
    expect(byId.get('createUser')?.body?.required).toBe(true);
    expect(byId.get('touchUser')?.body?.required).toBe(false);
    expect(byId.get('followReport')?.streams).toBe(true);
    expect(byId.get('getReport')?.streams).toBe(false);
  });

  it('lets an operation replace a parameter of its path', () => {
    const id = (schema: object) => ({ name: 'id', in: 'path', required: true, schema });
    const { operations } = parseContract(
      documentWith({
        '/x/{id}': {
          parameters: [id({ type: 'integer' })],
          get: { operationId: 'a', responses },
          put: { operationId: 'b', parameters: [id({ type: 'string' })], responses },
        },
      }),
    );
    expect(operations.map(({ parameters }) => parameters[0]?.type)).toEqual(['integer', 'string']);
  });

  it('is refused with every mistake at once', () => {
    const message = refusal(
      documentWith({
        '/a': { get: { responses } },
        '/b/{id}': { get: { operationId: 'b', responses } },
        '/c': { get: { operationId: 'c', parameters: [{ $ref: '#/components/none' }], responses } },
        '/d': { get: { operationId: 'd', responses }, put: { operationId: 'd', responses } },
        '/e': {
          get: {
            operationId: 'e',
            parameters: [{ name: 'ids', in: 'query', schema: { type: 'array' } }],
            responses,
          },
        },
        '/f': { post: { operationId: 'f', requestBody: { content: {} }, responses } },
        '/g': { get: { operationId: 'g', parameters: [{ $ref: 'other.yaml#/x' }], responses } },
      }),
    );
    for (const mistake of [
      'GET /a: expected an operationId',
      'GET /b/{id}: expected the path',
      'GET /c: the reference #/components/none leads nowhere',
      'PUT /d: operationId d is taken',
      'GET /e: parameter ids: expected type',
      'POST /f: requestBody: expected a content type',
      'GET /g: expected a reference within the document',
    ]) {
      expect(message).toContain(mistake);
    }
  });

  it.each([
    ['no YAML', 'a: [', 'contract is not valid'],
    ['a list', '[]', 'expected an OpenAPI document'],
    ['empty', '', 'expected an OpenAPI document'],
    ['OpenAPI 3.0', 'openapi: 3.0.3', 'expected 3.1.x, found 3.0.3'],
  ])('is refused when it is %s', (_name, text, message) => {
    expect(refusal(text)).toContain(message);
  });

  it('is refused when a reference leads in a circle', () => {
    const components = { parameters: { A: { $ref: '#/components/parameters/A' } } };
    const parameters = [{ $ref: '#/components/parameters/A' }];
    const paths = { '/a': { get: { operationId: 'a', parameters, responses } } };
    expect(refusal(documentWith(paths, { components }))).toContain('expected a reference');
  });

  it('compiles whole, and a word that is no JSON Schema is found then', () => {
    expect(() => checkContract(parseContract(CONTRACT))).not.toThrow();
    const wrong = CONTRACT.replace('maxLength: 20', 'maxLenght: 20');
    expect(wrong).not.toBe(CONTRACT);
    expect(() => checkContract(parseContract(wrong))).toThrow(/maxLenght/);
  });
});

describe('the routes of a contract', () => {
  it('come with more fixed text first', () => {
    const paths = pathRoutes(parseContract(CONTRACT).operations).map(({ path }) => path);
    const order = ['/reports/consolidated', '/reports/{id}.csv', '/reports/{id}'];
    expect(paths.filter((path) => order.includes(path))).toEqual(order);
  });

  it('are ordered without contradiction', () => {
    const segment = fc.constantFrom('a', 'b', '{x}', '{x}.csv', 'v{x}');
    const template = fc
      .array(segment, { minLength: 1, maxLength: 4 })
      .map((all) => `/${all.join('/')}`);
    fc.assert(
      fc.property(template, template, template, (one, two, three) => {
        expect(Math.sign(compareTemplates(one, two))).toBe(
          -Math.sign(compareTemplates(two, one)) + 0,
        );
        if (compareTemplates(one, two) <= 0 && compareTemplates(two, three) <= 0) {
          expect(compareTemplates(one, three)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  it('keep what Express would read as syntax', () => {
    expect(expressPattern('/a(b)/{user-id}/c:d*e+f?g!h[i]')).toBe(
      '/a\\(b\\)/:"user-id"/c\\:d\\*e\\+f\\?g\\!h\\[i\\]',
    );
  });

  it('name in Allow what their path has, and no HEAD for a stream', () => {
    const allow = new Map(
      pathRoutes(parseContract(CONTRACT).operations).map((route) => [route.path, route.allow]),
    );
    expect(allow.get('/users')).toBe('GET, HEAD, POST');
    expect(allow.get('/users/{id}')).toBe('DELETE, GET, HEAD, PATCH');
    expect(allow.get('/reports/{id}/events')).toBe('GET');
  });
});
