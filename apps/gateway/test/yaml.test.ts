import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineCounter, parseDocument, stringify } from 'yaml';
import type { YAMLParseError } from 'yaml';
import { parseYaml } from '../src/config/yaml.ts';
import { createSlices } from '../src/routing/slices.ts';

/** The line of each mistake. */
function linesOf(text: string, errors: readonly YAMLParseError[]): number[] {
  return errors.map(({ pos }) => text.slice(0, pos[0]).split('\n').length).sort((a, b) => a - b);
}

/** What the library itself makes of a text, in one piece. */
function whole(text: string) {
  const document = parseDocument(text, { prettyErrors: false });
  const mistakes = linesOf(text, document.errors);
  return { mistakes, value: mistakes.length > 0 ? undefined : (document.toJS() as unknown) };
}

async function sliced(text: string) {
  const parsed = await parseYaml(text, new LineCounter(), createSlices(0));
  const mistakes = linesOf(text, parsed.errors);
  return { mistakes, value: mistakes.length > 0 ? undefined : await parsed.toJS() };
}

const list = (item: (index: number) => string, count = 60) =>
  `before: 1\nroutes:\n${Array.from({ length: count }, (_, index) => item(index)).join('\n')}\nafter: 2\n`;

describe('a YAML file read in slices', () => {
  it('is what the library reads in one piece, whatever the value', async () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.record({
        routes: fc.array(fc.jsonValue({ maxDepth: 2 }), { minLength: 30, maxLength: 60 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(value, fc.boolean(), async (written, asJson) => {
        const text = asJson ? JSON.stringify(written) : stringify(written);
        expect((await sliced(text)).value).toEqual(whole(text).value);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    [
      'routes',
      list(
        (index) =>
          `  - path: /a/${index}\n    methods: [GET] # all\n    more: { a: [1, { b: 2 }] }`,
      ),
    ],
    ['lists of lists', list((index) => `  - - ${index}\n    - b: |\n        & text\n        end`)],
    ['texts, and comments between', list((index) => `  # ${index}\n  - 'one ${index}'`)],
    ['an anchor', list((index) => (index === 0 ? '  - &a { b: 1 }' : '  - *a'))],
    [
      'JSON in several lines',
      `{ "a": 1,\n "routes": [\n${Array.from({ length: 40 }, () => ' {"b": [1]}').join(',\n')}\n] }`,
    ],
    ['nothing', ''],
    ['a comment', '# nothing\n'],
    ['a start and an end', '%YAML 1.2\n---\na: 1\n...\n'],
  ])('is the same for %s', async (_, text) => {
    const { value, mistakes } = await sliced(text);
    expect(mistakes).toEqual([]);
    expect(value ?? null).toEqual(whole(text).value ?? null);
  });

  it.each([
    ['an item of a long list', list((index) => (index === 30 ? '  - { a: [1 }' : '  - { a: 1 }'))],
    [
      'a key that is there twice',
      list((index) => (index === 30 ? '  - { a: 1, a: 2 }' : '  - { a: 1 }')),
    ],
    [
      'a missing comma',
      `{ "routes": [${Array.from({ length: 40 }, () => '{"b": 1}').join(' ')}] }`,
    ],
    ['an indentation', list((index) => (index === 30 ? ' - b: 1' : '  - b: 1'))],
    ['what comes after', `${list(() => '  - b: 1')}x: [`],
    ['two documents', 'a: 1\n---\nb: 2\n'],
  ])('has the same mistakes in %s', async (_, text) => {
    const { mistakes } = await sliced(text);
    // The words may differ: an item read by itself does not know what it is in.
    const expected = whole(text).mistakes;
    expect(expected).not.toEqual([]);
    expect(mistakes.length).toBe(expected.length);
    // What is about a whole list is told at its end, which is known to the item.
    expect(Math.abs((mistakes[0] as number) - (expected[0] as number))).toBeLessThanOrEqual(1);
  });
});
