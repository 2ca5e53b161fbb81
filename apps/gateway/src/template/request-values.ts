import type { Exchange } from '../exchange/exchange.ts';
import { headerValue } from '../exchange/header-list.ts';
import type { Placeholder } from './placeholder.ts';
import type { Values } from './values.ts';

/** The values of one request, as the filters before have left it. */
export class RequestValues implements Values {
  readonly #exchange: Exchange;
  readonly #body: unknown;
  #query: URLSearchParams | undefined;

  /** `body` is what was read of it, undefined when there is none. */
  constructor(exchange: Exchange, body?: unknown) {
    this.#exchange = exchange;
    this.#body = body;
  }

  find({ source, keys, type }: Placeholder): unknown {
    const exchange = this.#exchange;
    const [name = ''] = keys;
    switch (source) {
      case 'path':
        return Object.hasOwn(exchange.parameters, name) ? exchange.parameters[name] : undefined;
      case 'query': {
        const query = (this.#query ??= new URLSearchParams(exchange.query));
        if (type !== 'list') return query.get(name) ?? undefined;
        return query.has(name) ? query.getAll(name) : undefined;
      }
      case 'headers':
        return headerValue(exchange.headers, name);
      case 'subject':
        return exchange.subject;
      case 'requestId':
        return exchange.requestId;
      default:
        return memberOf(this.#body, keys);
    }
  }
}

/** The member at the end of `keys`; own members alone, so that `constructor` is none. */
export function memberOf(value: unknown, keys: readonly string[]): unknown {
  let at = value;
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}
