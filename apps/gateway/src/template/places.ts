import { valueInvalid } from '../problems.ts';
import { parseTemplate } from './placeholder.ts';
import type { Placeholder, Scope, Template } from './placeholder.ts';
import { refused } from './refusal.ts';
import { resolveText, resolveTexts } from './values.ts';
import type { Values } from './values.ts';

/** Fills a template; undefined when a value that may be missing is. */
export type TextWriter = (values: Values) => string | undefined;
/** Fills a template whose every value is needed. */
export type PathWriter = (values: Values) => string;
export type PairsWriter = (values: Values) => string;

type Encode = (text: string, placeholder: Placeholder) => string;

const CONTROL = /[\u0000-\u001f\u007f]/;
const PATH_LITERAL = /^\/[!"$->@-~]*$/;

/**
 * A template of a path. A value stays within its segment: a slash, which many services decode before
 * they route, a backslash, a control character, an empty value and a segment that becomes `.` or `..`
 * are refused with 400. `{path.*}` alone may have slashes.
 * @throws TypeError when it is none.
 */
export function pathWriter(text: string, scope: Scope): PathWriter {
  const template = parseTemplate(text, scope);
  const first = template[0];
  if (typeof first !== 'string' || !PATH_LITERAL.test(literalsOf(template))) {
    throw new TypeError(`"${text}" is no path: begin with "/", and leave out spaces, "?" and "#"`);
  }
  forbidOmission(template, text);
  const write = writer(template, encodeInPath);
  return (values) => {
    const path = write(values) as string;
    if (template.length > 1) refuseDotSegments(path);
    return path;
  };
}

/**
 * A template of a URL in a header, such as `location`. Values are encoded, so that none can name
 * another host or begin another part of the URL.
 * @throws TypeError when it is none.
 */
export function urlWriter(text: string, scope: Scope): TextWriter {
  const template = parseTemplate(text, scope);
  const write = writer(template, (value, placeholder) =>
    isRest(placeholder) ? encodeInPath(value, placeholder) : encodeURIComponent(value),
  );
  return (values) => {
    const url = write(values);
    if (template.length > 1 && url !== undefined) refuseDotSegments(url);
    return url;
  };
}

/** A template of text as it is, or of HTML, in which values are escaped. */
export function textWriter(text: string, scope: Scope, kind: 'text' | 'html' = 'text'): TextWriter {
  return writer(parseTemplate(text, scope), kind === 'html' ? escapeHtml : (value) => value);
}

/**
 * Templates of names and values, as a query or a form has them. A value that may be missing and is,
 * is left out with its name; a list is written value by value.
 */
export function pairsWriter(pairs: Readonly<Record<string, string>>, scope: Scope): PairsWriter {
  const writers = Object.entries(pairs).map(([name, text]) => {
    const template = parseTemplate(text, scope);
    return { name: encodeURIComponent(name), write: valuesWriter(template) };
  });
  return (values) => {
    const written: string[] = [];
    for (const { name, write } of writers) {
      for (const value of write(values) ?? []) written.push(`${name}=${encodeURIComponent(value)}`);
    }
    return written.join('&');
  };
}

function valuesWriter(template: Template): (values: Values) => readonly string[] | undefined {
  const [only] = template;
  if (template.length === 1 && typeof only === 'object') {
    return (values) => resolveTexts(only, values);
  }
  const write = writer(template, (value) => value);
  return (values) => {
    const text = write(values);
    return text === undefined ? undefined : [text];
  };
}

/** Fills a template with each value encoded for its place. */
export function writer(template: Template, encode: Encode): TextWriter {
  return (values) => {
    let text = '';
    for (const piece of template) {
      if (typeof piece === 'string') {
        text += piece;
      } else {
        const value = resolveText(piece, values);
        if (value === undefined) return undefined;
        text += encode(value, piece);
      }
    }
    return text;
  };
}

function isRest({ source, keys }: Placeholder): boolean {
  return source === 'path' && keys[0] === '*';
}

function encodeInPath(value: string, placeholder: Placeholder): string {
  const rest = isRest(placeholder);
  const slash = rest ? value.startsWith('/') : value.includes('/');
  if (value === '' || slash || value.includes('\\') || CONTROL.test(value)) {
    throw refused(
      placeholder,
      'must fit in a path: not empty, without control characters, slashes and backslashes',
    );
  }
  return rest ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value);
}

/** Such a segment would lead elsewhere once it is resolved. */
function refuseDotSegments(path: string): void {
  if (path.split(/[/?]/).some((segment) => segment === '.' || segment === '..')) {
    throw valueInvalid('/path', 'must not become a "." or ".." segment');
  }
}

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(value: string): string {
  return value.replaceAll(/[&<>"']/g, (char) => HTML[char] as string);
}

/** A whole path has no field that could be left out. */
function forbidOmission(template: Template, text: string): void {
  if (template.some((piece) => typeof piece === 'object' && piece.missing === 'omit')) {
    throw new TypeError(`"${text}": a value of a path cannot be left out; give it a default`);
  }
}

function literalsOf(template: Template): string {
  return template.filter((piece) => typeof piece === 'string').join('');
}
