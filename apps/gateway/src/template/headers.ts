import { valueInvalid } from '../problems.ts';
import { writer } from './places.ts';
import type { TextWriter } from './places.ts';
import { parseTemplate } from './placeholder.ts';
import type { Scope } from './placeholder.ts';
import { pointerOf } from './values.ts';

/** What a header's name is made of (RFC 9110 5.1). */
export const HEADER_NAME = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";

/** The schema of headers given as templates. */
export const headerTemplates = {
  type: 'object',
  description: 'Templates of headers by name; one that is there already is replaced.',
  propertyNames: { pattern: HEADER_NAME },
  additionalProperties: { type: 'string' },
} as const;

/** Written for the connection: another value would break the message's frame. */
export const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What a header may carry (RFC 9110 5.5): no control character but the tab, and bytes only. */
const NOT_IN_HEADER = /[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/;

export interface HeaderTemplate {
  /** In lower case. */
  readonly name: string;
  /** Gives undefined when a value that may be missing is; throws 400 for what no header carries. */
  readonly write: TextWriter;
}

/** @throws TypeError for a value that is no template, or a header that the connection needs. */
export function headerWriters(
  headers: Readonly<Record<string, string>>,
  scope: Scope,
): readonly HeaderTemplate[] {
  return Object.entries(headers).map(([given, text]) => {
    const name = given.toLowerCase();
    if (FRAMING.has(name)) throw new TypeError(`the header "${given}" belongs to the connection`);
    return { name, write: headerWriter(text, scope) };
  });
}

function headerWriter(text: string, scope: Scope): TextWriter {
  const template = parseTemplate(text, scope);
  if (template.some((piece) => typeof piece === 'string' && NOT_IN_HEADER.test(piece))) {
    throw new TypeError(`"${text}" has a character that a header cannot carry`);
  }
  return writer(template, (value, placeholder) => {
    if (!NOT_IN_HEADER.test(value)) return value;
    throw valueInvalid(pointerOf(placeholder), 'has a character that a header cannot carry');
  });
}
