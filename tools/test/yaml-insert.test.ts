import { describe, expect, it } from 'vitest';
import { YamlText } from '../src/service/yaml-insert.ts';

const text = `# The head.
list: [a, 'b'] # of letters
wide:
  [
    a,
    b,
  ]
nested:
  map:
    one: { x: 1 } # the first

    two:
      - deep # the deepest

  # Of the last.
  empty:

items:
  - name: x
    names: [y]

  - name: z
`;

function edited(edit: (yaml: YamlText) => void): string {
  const yaml = new YamlText('toys.yml', text);
  edit(yaml);
  return yaml.toString();
}

describe('additions to a YAML text', () => {
  it('go to the end of a list in brackets', () => {
    expect(edited((yaml) => yaml.appendToFlow(['list'], 'c'))).toBe(
      text.replace("'b']", "'b', c]"),
    );
    const isX = (item: unknown) => (item as { name: string }).name === 'x';
    expect(edited((yaml) => yaml.appendToFlow(['items', isX, 'names'], 'w'))).toBe(
      text.replace('[y]', '[y, w]'),
    );
  });

  it('go after the last item of a map or list, behind its comment and before blank lines', () => {
    expect(edited((yaml) => yaml.appendToBlock(['nested', 'map'], 'three: 3'))).toBe(
      text.replace('# the deepest\n', '# the deepest\n    three: 3\n'),
    );
    expect(edited((yaml) => yaml.appendToBlock(['items'], '- name: w\n  names: []'))).toBe(
      `${text}  - name: w\n    names: []\n`,
    );
    expect(edited((yaml) => yaml.appendToBlock(['nested'], 'more:'))).toBe(
      text.replace('  empty:\n', '  empty:\n  more:\n'),
    );
  });

  it('go after the item that is named', () => {
    expect(edited((yaml) => yaml.appendToBlock(['nested', 'map'], '\nhalf: 1', 'one'))).toBe(
      text.replace('# the first\n', '# the first\n\n    half: 1\n'),
    );
  });

  it('are refused where the text is not as expected', () => {
    for (const edit of [
      (yaml: YamlText) => yaml.appendToFlow(['nested', 'map'], 'x'),
      (yaml: YamlText) => yaml.appendToBlock(['nested', 'none'], 'x'),
      (yaml: YamlText) => yaml.appendToBlock(['nested', 'map'], 'x', 'three'),
    ]) {
      expect(() => edited(edit)).toThrow(/^toys.yml has changed: at nested\./);
    }
  });
});
