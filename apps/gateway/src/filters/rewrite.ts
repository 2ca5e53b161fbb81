import type { Exchange } from '../exchange/exchange.ts';
import { describeNewBody } from '../exchange/body-headers.ts';
import { replaceHeader } from '../exchange/header-list.ts';
import { METHODS } from '../config/schema.ts';
import type { FilterDefinition } from '../plugin.ts';
import { methodNotAllowed } from '../problems.ts';
import { readBodyValues } from '../template/body-values.ts';
import { jsonWriter } from '../template/json.ts';
import { headerTemplates, headerWriters } from '../template/headers.ts';
import { pairsWriter, pathWriter } from '../template/places.ts';
import type { TextWriter } from '../template/places.ts';
import type { Scope } from '../template/placeholder.ts';
import { readsBody, requestScope } from '../template/request-scope.ts';
import { RequestValues } from '../template/request-values.ts';
import { sizeBytes } from '../config/units.ts';

interface RewriteOptions {
  readonly method?: string;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly keepQuery?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly form?: Readonly<Record<string, string>>;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const BODILESS = new Set(['GET', 'HEAD']);

const templates = (description: string) => ({
  type: 'object',
  description,
  additionalProperties: { type: 'string' },
});

/** Makes method, path, query, headers and body of the request to the upstream from one another. */
export const rewrite: FilterDefinition<RewriteOptions> = {
  name: 'rewrite',
  options: {
    type: 'object',
    description:
      'Makes method, path, query, headers and body of the request to the upstream from one another, by templates such as {path.id}, {query.name}, {headers.x-tenant} and {body.name}.',
    properties: {
      method: { enum: METHODS, description: 'The method for the upstream.' },
      path: { type: 'string', pattern: '^/', description: 'A template of the path.' },
      query: templates('Templates of the query by parameter: the whole query unless `keepQuery`.'),
      keepQuery: {
        type: 'boolean',
        default: false,
        description: 'Parameters of the request that `query` does not name go on too.',
      },
      headers: headerTemplates,
      body: {
        description: 'The body as JSON: any JSON whose strings are templates.',
      },
      form: templates('The body as a form: templates by field.'),
    },
    minProperties: 1,
    additionalProperties: false,
  },
  incoming(options, context) {
    const { route, decision } = context;
    const scope = requestScope(context.template);
    const maxBytes = sizeBytes(route.maxBody);
    const { method } = options;
    const buildPath = options.path === undefined ? undefined : pathWriter(options.path, scope);
    const buildQuery = options.query && pairsWriter(options.query, scope);
    const headers = headerWriters(options.headers ?? {}, scope);
    const buildBody = bodyBuilder(options, scope);
    const needsBody = readsBody(options, scope);
    const count = decision('rewrite', 'rewritten');

    function apply(exchange: Exchange, body?: unknown): undefined {
      const values = new RequestValues(exchange, body);
      // All is made before any of it is changed: each template sees the request as it came here.
      const path = buildPath?.(values);
      const query = buildQuery?.(values);
      const written = headers.map(({ name, write }) => ({ name, value: write(values) }));
      const newBody = buildBody?.write(values);
      if (path !== undefined) exchange.targetPath = path;
      if (query !== undefined) exchange.query = wholeQuery(exchange.query, query, options);
      for (const { name, value } of written) replaceHeader(exchange.headers, name, value);
      // HEAD asks for what GET would give, without it.
      if (method !== undefined && !(method === 'GET' && exchange.method === 'HEAD')) {
        exchange.method = method;
      }
      if (newBody !== undefined) setBody(exchange, newBody, buildBody?.type);
      else if (method !== undefined && BODILESS.has(method))
        setBody(exchange, undefined, undefined);
      count();
      return undefined;
    }

    return (exchange) => {
      // A route that has GET answers HEAD too; it must not do what GET alone was meant to.
      if (method !== undefined && !SAFE.has(method) && exchange.method === 'HEAD') {
        throw methodNotAllowed('HEAD', route.methods.join(', '));
      }
      if (!needsBody) return apply(exchange);
      return readBodyValues(exchange, maxBytes).then((body) => apply(exchange, body));
    };
  },
};

interface BodyBuilder {
  readonly type: string;
  readonly write: TextWriter;
}

function bodyBuilder({ body, form }: RewriteOptions, scope: Scope): BodyBuilder | undefined {
  if (body !== undefined && form !== undefined) {
    throw new TypeError('a request has one body; give "body" or "form", not both');
  }
  if (body !== undefined) return { type: 'application/json', write: jsonWriter(body, scope) };
  return form && { type: 'application/x-www-form-urlencoded', write: pairsWriter(form, scope) };
}

function setBody(exchange: Exchange, text: string | undefined, type: string | undefined): void {
  exchange.replaceBody(text === undefined ? null : Buffer.from(text));
  describeNewBody(exchange.headers, type);
}

function wholeQuery(had: string, made: string, { query = {}, keepQuery }: RewriteOptions): string {
  if (keepQuery !== true) return made === '' ? '' : `?${made}`;
  const kept = new URLSearchParams(had);
  for (const name of Object.keys(query)) kept.delete(name);
  const all = [kept.toString(), made].filter((part) => part !== '').join('&');
  return all === '' ? '' : `?${all}`;
}
