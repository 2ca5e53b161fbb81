import type { Answer } from '../../exchange/answer.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { headerValue } from '../../exchange/header-list.ts';
import { parsePathTemplate, pathBuilder } from '../../routing/path-template.ts';
import type { PathParameters, PathTemplate } from '../../routing/path-template.ts';
import type { AnswerStore } from './answer-store.ts';
import { LANES, addressId, originOf } from './asked.ts';

export interface InvalidationOptions {
  readonly invalidates?: readonly string[];
  readonly invalidatesTags?: readonly string[];
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Whether a request may change what is kept. */
export function mayChange({ method, request }: Exchange): boolean {
  return !SAFE.has(method) || !SAFE.has(request.method as string);
}

/**
 * Makes what forgets after a request that may have changed something: the address itself and those
 * in `Location` and `Content-Location` (RFC 9111 4.4), and what the route names.
 * @throws TypeError when a name asks for a parameter that the route does not have.
 */
export function createInvalidation(
  { invalidates = [], invalidatesTags = [] }: InvalidationOptions,
  route: PathTemplate,
): (exchange: Exchange, answer: Answer, store: AnswerStore) => Promise<void> {
  const exact = invalidates.filter((path) => !path.endsWith('*')).map((path) => build(path, route));
  const prefixes = invalidates
    .filter((path) => path.endsWith('*'))
    .map((path) => build(path.slice(0, -1), route));
  const tags = invalidatesTags.map((tag) => fillIn(tag, route));

  return async (exchange, { status, headers }, store) => {
    if (status < 200 || status >= 400) return;
    const { parameters } = exchange;
    const origin = originOf(exchange);
    const paths = [
      exchange.path + exchange.query,
      ...exact.map((path) => path(parameters)),
      ...['location', 'content-location'].flatMap((name) =>
        sameOrigin(headerValue(headers, name), origin, exchange.path),
      ),
    ];
    const ids = [...new Set(paths)].flatMap((path) =>
      LANES.map((lane) => addressId(origin, path, lane)),
    );
    await Promise.all([
      store.invalidate(ids),
      ...prefixes.map((prefix) => store.purges.add({ prefix: prefix(parameters) })),
      ...tags.map((tag) => store.purges.add({ tag: tag(parameters) })),
    ]);
  };
}

type Build = (parameters: PathParameters) => string;

function build(path: string, route: PathTemplate): Build {
  const template = parsePathTemplate(path);
  checkParameters(template.parameters, route);
  return pathBuilder(template);
}

/** A tag with the route's parameters in it, as they were asked for. */
function fillIn(tag: string, route: PathTemplate): Build {
  const names = [...tag.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  checkParameters(names, route);
  return (parameters) => tag.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? '');
}

function checkParameters(names: readonly string[], { parameters }: PathTemplate): void {
  const unknown = names.find((name) => !parameters.includes(name));
  if (unknown !== undefined) throw new TypeError(`the path has no parameter "${unknown}"`);
}

function sameOrigin(target: string | undefined, origin: string, path: string): readonly string[] {
  const url = target === undefined ? null : URL.parse(target, origin + path);
  return url?.origin === origin ? [url.pathname + url.search] : [];
}
