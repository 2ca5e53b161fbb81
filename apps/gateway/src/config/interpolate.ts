import { Scalar, visit } from 'yaml';
import type { Document } from 'yaml';

/** The environment as the configuration may read it. */
export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\$|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in the document's values; `$$` is a plain `$`. A value
 * that was written without quotes is then read as YAML reads it, so `${LIMIT:-60}` is a number.
 * `onUnset` is told of a variable that is neither set nor has a default.
 */
export function interpolate(
  document: Document,
  environment: Environment,
  onUnset: (name: string, offset: number) => void,
): void {
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('$')) return;
      const text = node.value.replaceAll(REFERENCE, (whole, name?: string, fallback?: string) => {
        if (name === undefined) return '$';
        const value = environment[name];
        if (value !== undefined && value !== '') return value;
        if (fallback === undefined) onUnset(name, node.range?.[0] ?? 0);
        return fallback ?? whole;
      });
      node.value = node.type === Scalar.PLAIN ? plainValue(text) : text;
    },
  });
}

function plainValue(text: string): string | number | boolean | null {
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) return Number(text);
  if (text === 'true' || text === 'false') return text === 'true';
  return text === 'null' || text === '' ? null : text;
}
