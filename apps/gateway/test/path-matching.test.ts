import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePathTemplate, pathBuilder } from '../src/routing/path-template.ts';
import { RouteTable } from '../src/routing/table.ts';
import type { Route } from '../src/routing/table.ts';

function route(path: string, methods: readonly string[] = ['GET'], host?: string): Route {
  return {
    template: parsePathTemplate(path),
    host,
    methods,
    parameters: undefined,
    incoming: [],
    outgoing: [],
    takesUpgrade: false,
    answersPreflight: false,
    endpoint: () => ({ status: 200, headers: [], body: null }),
  };
}

const matched = (table: RouteTable, path: string, method = 'GET', host?: string) =>
  table.match(host, method, path);

/** Which template wins, by trying each: static segments beat parameters, from left to right. */
function referenceMatch(templates: readonly string[], path: string): string | undefined {
  const segments = path.split('/');
  const fits = templates.filter((template) => {
    const parts = template.split('/');
    return (
      parts.length === segments.length &&
      parts.every((part, index) =>
        part.startsWith('{') ? segments[index] !== '' : part === segments[index],
      )
    );
  });
  return fits.sort((one, other) => {
    const isParameter = (template: string) =>
      template.split('/').map((part) => (part.startsWith('{') ? 1 : 0));
    const [left, right] = [isParameter(one), isParameter(other)];
    const at = left.findIndex((kind, index) => kind !== right[index]);
    return (left[at] ?? 0) - (right[at] ?? 0);
  })[0];
}

const segment = fc.constantFrom('users', 'products', 'last', 'a', 'ab');
const templateArbitrary = fc
  .array(fc.oneof(segment, fc.constant('{}')), { minLength: 1, maxLength: 4 })
  .map(
    (parts) => `/${parts.map((part, index) => (part === '{}' ? `{p${index}}` : part)).join('/')}`,
  );
const pathArbitrary = fc
  .array(fc.oneof(segment, fc.constantFrom('1', 'use', 'usersx', 'x-y', 'a.b')), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => `/${parts.join('/')}`);

describe('matching', () => {
  it('picks the template that a reference matcher picks, whatever the table', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(templateArbitrary, { minLength: 1, maxLength: 8 }),
        fc.array(pathArbitrary, { minLength: 1, maxLength: 20 }),
        (templates, paths) => {
          const table = new RouteTable(templates.map((template) => route(template)));
          for (const path of paths) {
            expect(matched(table, path)?.template.text).toBe(referenceMatch(templates, path));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('hands decoded parameters to a builder that gives back the same path', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(
          (text) =>
            // What the gateway refuses is tested below.
            !/[/\\\u0000-\u001f\u007f]/.test(text) &&
            !['.', '..'].includes(text) &&
            text.isWellFormed(),
        ),
        (value) => {
          const table = new RouteTable([route('/users/{id}/sales')]);
          const path = `/users/${encodeURIComponent(value)}/sales`;
          const match = matched(table, path);
          expect(match?.route && match.parameters['id']).toBe(value);
          const build = pathBuilder(parsePathTemplate('/u/{id}'));
          expect(build({ id: value })).toBe(`/u/${encodeURIComponent(value)}`);
        },
      ),
    );
  });

  it('never throws anything but a 400, whatever the target', () => {
    const table = new RouteTable([route('/a/{b}'), route('/c/*'), route('/r/{id}.csv')]);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((text) => `/a/${text}`),
        ),
        (path) => {
          try {
            matched(table, path);
          } catch (error) {
            expect(error).toMatchObject({ code: 'WT-REQUEST-UNREADABLE', status: 400 });
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('prefers a suffix to a bare parameter', () => {
    const table = new RouteTable([route('/reports/{id}'), route('/reports/{id}.csv')]);
    expect(matched(table, '/reports/1.csv')).toMatchObject({ parameters: { id: '1' } });
    expect(matched(table, '/reports/1.csv')?.template.text).toBe('/reports/{id}.csv');
    expect(matched(table, '/reports/1')?.template.text).toBe('/reports/{id}');
  });

  it('lets a static path win over the aggregate of two parameters', () => {
    const table = new RouteTable([route('/api/{u}/{p}'), route('/api/users/{id}', ['GET', 'PUT'])]);
    expect(matched(table, '/api/users/1')?.template.text).toBe('/api/users/{id}');
    expect(matched(table, '/api/1/1')?.template.text).toBe('/api/{u}/{p}');
  });

  it.each(['/api/users/', '/api/users', '/api/users/1/', '/API/users/1', '//api/users/1', '/'])(
    'does not take %s for a path with a parameter',
    (path) => {
      expect(matched(new RouteTable([route('/api/users/{id}')]), path)).toBeUndefined();
    },
  );

  it.each([
    ['an encoded slash', '/a/x%2Fy'],
    ['an encoded backslash', '/a/x%5cy'],
    ['a dot segment', '/a/%2e%2e'],
    ['a dot segment in a rest', '/c/x/%2e%2E/y'],
    ['a NUL', '/a/%00'],
    ['no UTF-8', '/a/%ff%fe'],
    ['no encoding', '/a/%zz'],
    ['another form of target', 'example.com:80'],
  ])('refuses %s', (_, path) => {
    const table = new RouteTable([route('/a/{b}'), route('/c/*')]);
    expect(() => matched(table, path)).toThrowError(/WT-REQUEST-UNREADABLE/);
  });

  it('tells the methods of a path that does not have the one asked for', () => {
    const table = new RouteTable([
      route('/a', ['POST']),
      route('/a', ['GET']),
      route('/b', ['PUT']),
    ]);
    expect(matched(table, '/a', 'DELETE')).toMatchObject({
      route: undefined,
      allow: 'GET, HEAD, POST',
    });
    expect(matched(table, '/a', 'HEAD')?.route).toBeDefined();
    expect(matched(table, '/b', 'HEAD')).toMatchObject({ route: undefined, allow: 'PUT' });
  });

  it('keeps routes of a host apart from those of any host', () => {
    const table = new RouteTable([route('/a', ['GET'], 'labs.example'), route('/a', ['POST'])]);
    expect(matched(table, '/a', 'GET', 'LABS.example:8080')?.route).toBeDefined();
    expect(matched(table, '/a', 'GET', 'other.example')).toMatchObject({ allow: 'POST' });
    expect(matched(table, '/a', 'POST', 'other.example')?.route).toBeDefined();
  });

  it('refuses the same method and path twice, and one path under two names', () => {
    expect(() => new RouteTable([route('/a'), route('/a')])).toThrow('is there twice');
    expect(() => new RouteTable([route('/a/{x}'), route('/a/{y}', ['PUT'])])).toThrow(
      'the same path',
    );
  });
});

describe('templates', () => {
  it.each(['a', '/a b', '/{a}{b}', '/{a}/{a}', '/*/a', '/a?b', '/{1}', '/{a', '/a*'])(
    'refuses %s',
    (text) => {
      expect(() => parsePathTemplate(text)).toThrow(TypeError);
    },
  );
});
