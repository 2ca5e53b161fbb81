import { writer } from './places.ts';
import { parseTemplate } from './placeholder.ts';
import type { Scope } from './placeholder.ts';
import { resolve } from './values.ts';
import type { Values } from './values.ts';

/** Makes a value; undefined when one that may be missing is. */
export type ValueBuilder = (values: Values) => unknown;

/**
 * Makes a function that builds a value from a template: any JSON whose strings are templates, as
 * `jsonWriter` reads them, for those who work on it before it is written.
 * @throws TypeError when a string in it is no template.
 */
export function valueBuilder(json: unknown, scope: Scope): ValueBuilder {
  if (typeof json === 'string') return stringBuilder(json, scope);
  if (typeof json !== 'object' || json === null) return () => json;
  if (Array.isArray(json)) {
    const elements = json.map((element) => valueBuilder(element, scope));
    return (values) =>
      elements.map((build) => build(values)).filter((value) => value !== undefined);
  }
  const members = Object.entries(json).map(([name, value]) => {
    if (name === '__proto__') throw new TypeError('a member cannot be called "__proto__"');
    return { name, build: valueBuilder(value, scope) };
  });
  return (values) => {
    const made: Record<string, unknown> = {};
    for (const { name, build } of members) {
      const value = build(values);
      if (value !== undefined) made[name] = value;
    }
    return made;
  };
}

function stringBuilder(text: string, scope: Scope): ValueBuilder {
  const template = parseTemplate(text, scope);
  const [only = ''] = template;
  if (template.length > 1) return writer(template, (value) => value);
  return typeof only === 'string' ? () => only : (values) => resolve(only, values);
}
