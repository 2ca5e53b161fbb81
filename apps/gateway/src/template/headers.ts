import { writer } from './places.ts';
import type { TextWriter } from './places.ts';
import { parseTemplate } from './placeholder.ts';
import type { Scope } from './placeholder.ts';
import { refused } from './refusal.ts';

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

/** What clients take of all headers together is 16 kB and less. */
const MAX_VALUE = 8_000;

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
    if (value.length > MAX_VALUE) {
      throw refused(placeholder, `must have at most ${MAX_VALUE} characters in a header`);
    }
    if (!NOT_IN_HEADER.test(value)) return value;
    throw refused(placeholder, 'has a character that a header cannot carry');
  });
}
