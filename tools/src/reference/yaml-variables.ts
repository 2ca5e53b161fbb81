import { isPair, isScalar, parseDocument, visit } from 'yaml';
import type { visitor } from 'yaml';

export interface YamlVariable {
  readonly name: string;
  readonly default: string | undefined;
  /** The keys that lead to it, with dots between. */
  readonly places: readonly string[];
}

/** Every `${NAME}` and `${NAME:-default}` in the values of YAML texts, in the order of names. */
export function yamlVariables(...texts: readonly string[]): YamlVariable[] {
  const found = new Map<string, { default: string | undefined; places: Set<string> }>();
  const visitor: visitor = {
    Scalar: (key, node, path) => {
      if (key === 'key' || typeof node.value !== 'string') return;
      const place = path
        .filter(isPair)
        .map((pair) => (isScalar(pair.key) ? String(pair.key.value) : ''))
        .join('.');
      for (const match of node.value.matchAll(/(?<!\$)\$\{([A-Z0-9_]+)(?::-([^}]*))?\}/g)) {
        const [, name = '', standard] = match;
        const variable = found.get(name) ?? { default: standard, places: new Set() };
        found.set(name, variable);
        variable.places.add(place);
      }
    },
  };
  for (const text of texts) visit(parseDocument(text), visitor);
  return [...found]
    .map(([name, { default: standard, places }]) => ({
      name,
      default: standard,
      places: [...places],
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
}
