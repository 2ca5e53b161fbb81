import { headerWriters } from './headers.ts';
import type { HeaderTemplate } from './headers.ts';
import { textWriter, urlWriter } from './places.ts';
import type { TextWriter } from './places.ts';
import type { Scope } from './placeholder.ts';

/** An answer as a configuration writes it. */
export interface AnswerTemplates {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly json?: unknown;
}

/** What fills the templates of an answer. */
export interface AnswerWriter {
  /** The type of the body among them. */
  readonly headers: readonly HeaderTemplate[];
  readonly body: TextWriter | undefined;
}

/** Answers of these have no body (RFC 9110 15). */
export const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

const URL_HEADERS = new Set(['location', 'content-location']);
const MARKUP = /html|xml|svg/i;

/** The schema of templates of a body as text. */
export const textTemplate = {
  type: 'string',
  description:
    'The body as text; text/plain unless `headers` give a content-type. Values are escaped in HTML and XML.',
} as const;

/** The schema of templates of a body as JSON. */
export const jsonTemplate = {
  description: 'The body as JSON: any JSON whose strings are templates.',
} as const;

/**
 * Makes the writer of an answer.
 * @param writeJson makes the writer of its `json`.
 * @throws TypeError for what is no template, a body where there can be none, and two bodies.
 */
export function answerWriter(
  { status, headers = {}, text, json }: AnswerTemplates,
  scope: Scope,
  writeJson: (json: unknown, scope: Scope) => TextWriter,
): AnswerWriter {
  const hasBody = text !== undefined || json !== undefined;
  if (status !== undefined && WITHOUT_BODY.has(status) && hasBody) {
    throw new TypeError(`an answer of ${status} has no body; take "text" or "json" out`);
  }
  if (text !== undefined && json !== undefined) {
    throw new TypeError('an answer has one body; give "text" or "json", not both');
  }
  const typed = withType(headers, text, json);
  const writers = headerWriters(typed, scope).map((header): HeaderTemplate => {
    if (!URL_HEADERS.has(header.name)) return header;
    return { ...header, write: urlWriter(valueOf(typed, header.name), scope) };
  });
  if (json !== undefined) return { headers: writers, body: writeJson(json, scope) };
  const kind = MARKUP.test(valueOf(typed, 'content-type')) ? 'html' : 'text';
  return { headers: writers, body: text === undefined ? undefined : textWriter(text, scope, kind) };
}

function withType(
  headers: Readonly<Record<string, string>>,
  text: string | undefined,
  json: unknown,
): Readonly<Record<string, string>> {
  if (valueOf(headers, 'content-type') !== '') return headers;
  // A browser must not take text with a visitor's words in it for a page.
  if (text !== undefined) {
    return {
      ...headers,
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    };
  }
  return json === undefined ? headers : { ...headers, 'content-type': 'application/json' };
}

function valueOf(headers: Readonly<Record<string, string>>, name: string): string {
  return Object.entries(headers).find(([given]) => given.toLowerCase() === name)?.[1] ?? '';
}
