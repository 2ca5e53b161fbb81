import { writer } from './places.ts';
import type { TextWriter } from './places.ts';
import { parseTemplate } from './placeholder.ts';
import type { Placeholder, Scope, Template } from './placeholder.ts';
import { refused } from './refusal.ts';
import { resolve } from './values.ts';
import type { Values } from './values.ts';

/**
 * Makes a function that writes JSON from a template: any JSON whose strings are templates. A string
 * that is one placeholder and nothing else becomes its value, with its type; a member or element
 * whose value may be missing and is, is left out. Values are always written as JSON, so none can
 * end the string or object that it is in.
 * @throws TypeError when a string in it is no template.
 */
export function jsonWriter(json: unknown, scope: Scope): TextWriter {
  if (typeof json === 'string') return stringWriter(parseTemplate(json, scope));
  if (typeof json !== 'object' || json === null) {
    const text = JSON.stringify(json);
    return () => text;
  }
  if (Array.isArray(json)) {
    const elements = json.map((element) => jsonWriter(element, scope));
    return (values) => `[${listed(elements.map((write) => write(values)))}]`;
  }
  const members = Object.entries(json).map(([name, value]) => {
    const write = jsonWriter(value, scope);
    const start = `${JSON.stringify(name)}:`;
    return (values: Values) => {
      const text = write(values);
      return text === undefined ? undefined : start + text;
    };
  });
  return (values) => `{${listed(members.map((write) => write(values)))}}`;
}

function listed(texts: readonly (string | undefined)[]): string {
  return texts.filter((text) => text !== undefined).join(',');
}

function stringWriter(template: Template): TextWriter {
  const [only = ''] = template;
  if (template.length < 2 && typeof only === 'string') {
    const text = JSON.stringify(only);
    return () => text;
  }
  if (template.length === 1) return (values) => valueText(only as Placeholder, values);
  const write = writer(template, (value) => value);
  return (values) => {
    const text = write(values);
    return text === undefined ? undefined : JSON.stringify(text);
  };
}

function valueText(placeholder: Placeholder, values: Values): string | undefined {
  const value = resolve(placeholder, values);
  try {
    return JSON.stringify(value);
  } catch (error) {
    // What was read from JSON fails here for one reason: it is nested deeper than the stack.
    throw refused(placeholder, 'is nested too deep', error);
  }
}
