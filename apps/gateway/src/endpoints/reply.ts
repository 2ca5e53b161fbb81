import type { Answer } from '../exchange/answer.ts';
import type { EndpointDefinition } from '../plugin.ts';
import { headerTemplates, headerWriters } from '../template/headers.ts';
import type { HeaderTemplate } from '../template/headers.ts';
import { jsonWriter } from '../template/json.ts';
import { textWriter, urlWriter } from '../template/places.ts';
import type { TextWriter } from '../template/places.ts';
import type { Scope } from '../template/placeholder.ts';
import { RequestValues } from '../template/request-values.ts';

interface ReplyOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly json?: unknown;
}

const WITHOUT_BODY = new Set([204, 205, 304]);
const URL_HEADERS = new Set(['location', 'content-location']);
const MARKUP = /html|xml|svg/i;

/** Answers what the configuration says, and asks nobody. */
export const reply: EndpointDefinition<ReplyOptions> = {
  name: 'reply',
  options: {
    type: 'object',
    description:
      'Answers what is written here. Text, JSON and headers are templates of {path.name}, {query.name}, {headers.name}, {subject} and {requestId}.',
    properties: {
      status: {
        type: 'integer',
        minimum: 200,
        maximum: 599,
        default: 200,
        description: 'The status.',
      },
      headers: headerTemplates,
      text: {
        type: 'string',
        description:
          'The body as text; text/plain unless `headers` give a content-type. Values are escaped in HTML and XML.',
      },
      json: { description: 'The body as JSON: any JSON whose strings are templates.' },
    },
    additionalProperties: false,
  },
  create({ status = 200, headers = {}, text, json }, { template, decision }) {
    if (WITHOUT_BODY.has(status) && (text !== undefined || json !== undefined)) {
      throw new TypeError(`an answer of ${status} has no body; take "text" or "json" out`);
    }
    if (text !== undefined && json !== undefined) {
      throw new TypeError('an answer has one body; give "text" or "json", not both');
    }
    const scope: Scope = {
      sources: ['path', 'query', 'headers', 'subject', 'requestId'],
      parameters: template.parameters,
    };
    const typed = withType(headers, text, json);
    const writers = headerWriters(typed, scope).map((header): HeaderTemplate => {
      if (!URL_HEADERS.has(header.name)) return header;
      return { ...header, write: urlWriter(valueOf(typed, header.name), scope) };
    });
    const body = bodyWriter(text, json, valueOf(typed, 'content-type'), scope);
    const count = decision('reply', 'replied');

    return (exchange): Answer => {
      const values = new RequestValues(exchange);
      const written: string[] = [];
      for (const { name, write } of writers) {
        const value = write(values);
        if (value !== undefined) written.push(name, value);
      }
      const answer = { status, headers: written, body: body?.(values) ?? null };
      count();
      return answer;
    };
  },
};

function bodyWriter(
  text: string | undefined,
  json: unknown,
  type: string,
  scope: Scope,
): TextWriter | undefined {
  if (json !== undefined) return jsonWriter(json, scope);
  return text === undefined
    ? undefined
    : textWriter(text, scope, MARKUP.test(type) ? 'html' : 'text');
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
