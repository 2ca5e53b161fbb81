import { ProblemError } from '@woodytoys/service';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerWriters } from '../src/template/headers.ts';
import { jsonWriter } from '../src/template/json.ts';
import { pairsWriter, pathWriter, textWriter, urlWriter } from '../src/template/places.ts';
import { parseTemplate } from '../src/template/placeholder.ts';
import type { Scope } from '../src/template/placeholder.ts';
import { memberOf } from '../src/template/request-values.ts';
import type { Values } from '../src/template/values.ts';

const scope: Scope = { sources: ['path', 'query', 'headers', 'body'], parameters: ['id', '*'] };

/** Anything that a client can send: all of Unicode, half surrogates, and what means something in URLs. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('/', '\\', '.', '%', '2', 'e', 'f', '?', '#', '&', '=', '+') }),
  fc.string({
    unit: fc.constantFrom('\r', '\n', '\0', ':', ' ', '\ud800', '\udfff', '"', '<', '{', '}'),
  }),
  fc.constantFrom('', '.', '..', '../..', '//evil.example', '__proto__', 'x'.repeat(8_001)),
);

const valuesOf = (value: unknown): Values => ({ find: () => value });

/** What a place wrote, or undefined when it refused the value with 400 and nothing else. */
function written<Result>(write: () => Result): Result | undefined {
  try {
    return write();
  } catch (error) {
    expect(error).toBeInstanceOf(ProblemError);
    expect((error as ProblemError).status).toBe(400);
    return undefined;
  }
}

describe('a template', () => {
  it('is read, or refused with a TypeError, whatever its text is', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '{{',
      'path.id',
      'query.',
      '.',
      ':',
      'integer',
      '?',
      '|',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((all) => all.join('')),
        ),
        (any) => {
          try {
            parseTemplate(any, scope);
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('gives back text that has braces doubled', () => {
    fc.assert(
      fc.property(fc.string(), (any) => {
        const doubled = any.replaceAll(/[{}]/g, '$&$&');
        expect(parseTemplate(doubled, scope).join('')).toBe(any);
      }),
    );
  });

  it('keeps a value within its segment of a path', () => {
    const write = pathWriter('/a/{query.x}/b-{query.y}.json/c', scope);
    fc.assert(
      fc.property(text, (value) => {
        const path = written(() => write(valuesOf(value)));
        if (path === undefined) return;
        const segments = path.split('/');
        expect(segments).toHaveLength(5);
        expect(decodeURIComponent(segments[2] as string)).toBe(value);
        expect(path).toMatch(/^[!-~]+$/);
        // What resolves `.` and `..` sees the same path.
        expect(new URL(path, 'http://a').href).toBe(`http://a${path}`);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps the rest of a path under its prefix', () => {
    const write = pathWriter('/a/{path.*}', scope);
    fc.assert(
      fc.property(text, (value) => {
        const path = written(() => write(valuesOf(value)));
        if (path === undefined) return;
        const { pathname, search, hash } = new URL(path, 'http://a');
        expect(pathname).toMatch(/^\/a\//);
        expect(search + hash).toBe('');
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps a value within its parameter of a query', () => {
    const write = pairsWriter({ a: 'x{query.a}', b: '{query.b}' }, scope);
    fc.assert(
      fc.property(text, (value) => {
        const query = written(() => write(valuesOf(value)));
        if (query === undefined) return;
        expect([...new URLSearchParams(query)]).toEqual([
          ['a', `x${value}`],
          ['b', value],
        ]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps a value within its header', () => {
    const [header] = headerWriters({ 'x-a': 'v={query.a}' }, scope);
    fc.assert(
      fc.property(text, (value) => {
        const line = written(() => header?.write(valuesOf(value)));
        if (line === undefined) return;
        expect(line).toBe(`v=${value}`);
        expect(new Headers({ 'x-a': line }).get('x-a')).toBe(line.trimEnd());
      }),
      { numRuns: 1_000 },
    );
  });

  it('lets no value of a URL lead to another host', () => {
    const write = urlWriter('/{path.*}?next={query.next}', scope);
    const bare = urlWriter('{query.next}', scope);
    fc.assert(
      fc.property(text, (value) => {
        for (const one of [write, bare]) {
          const url = written(() => one(valuesOf(value)));
          if (url !== undefined) expect(new URL(url, 'http://a').host).toBe('a');
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps any value within its place in JSON', () => {
    const write = jsonWriter(
      { whole: '{body}', 'a"b': ['{query.a}', 'x {query.b}'], n: '{query.n:integer}' },
      scope,
    );
    fc.assert(
      fc.property(text, fc.json(), fc.maxSafeInteger(), (value, json, number) => {
        const body: unknown = JSON.parse(json);
        const values: Values = {
          find: ({ source, keys: [name] }) =>
            source === 'body' ? body : name === 'n' ? String(number) : value,
        };
        const made = written(() => write(values));
        if (made === undefined) return;
        expect(JSON.parse(made)).toEqual({
          whole: body,
          'a"b': [value, `x ${value}`],
          n: number + 0,
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('escapes a value in HTML', () => {
    const write = textWriter('<p title="{query.a}">', scope, 'html');
    fc.assert(
      fc.property(text, (value) => {
        const html = written(() => write(valuesOf(value)));
        expect(html?.slice('<p title="'.length, -'">'.length) ?? '').not.toMatch(/[<>"']/);
      }),
    );
  });

  it('refuses what is not of its type with 400, whatever it is', () => {
    const types = ['text', 'number', 'integer', 'trailingInteger', 'boolean', 'value'];
    const writers = types.map((type) => jsonWriter(`{query.a:${type}}`, scope));
    const line = pairsWriter({ a: '{body.a}' }, scope);
    fc.assert(
      fc.property(fc.anything({ withBigInt: false }), (any) => {
        for (const write of [...writers, line]) written(() => write(valuesOf(any)));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[unknown, string | undefined]>([
    ['Magasin 1', '1'],
    ['20', '20'],
    [20, '20'],
    ['Magasin 007', '7'],
    ['Zoë№12', '12'],
    ['Magasin', undefined],
    ['1 Magasin', undefined],
    ['Magasin 1 ', undefined],
    ['-1', undefined],
    [-1.5, undefined],
    ['1.5', undefined],
    ['2026-01-05', undefined],
    ['9'.repeat(16), undefined],
    [{}, undefined],
  ])('finds the whole number at the end of %o: %s', (value, number) => {
    const write = jsonWriter('{query.a:trailingInteger}', scope);
    expect(written(() => write(valuesOf(value)))).toBe(number);
  });

  it('finds own members alone', () => {
    expect(memberOf({ a: [{ b: 1 }] }, ['a', '0', 'b'])).toBe(1);
    for (const name of ['constructor', '__proto__', 'toString', 'length']) {
      expect(memberOf({}, [name])).toBeUndefined();
      expect(memberOf('text', [name])).toBeUndefined();
    }
  });
});
