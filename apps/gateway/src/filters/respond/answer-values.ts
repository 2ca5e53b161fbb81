import type { Exchange } from '../../exchange/exchange.ts';
import { headerValue } from '../../exchange/header-list.ts';
import type { Placeholder } from '../../template/placeholder.ts';
import { memberOf } from '../../template/request-values.ts';
import type { Values } from '../../template/values.ts';
import { missingIfNull } from './definitions.ts';
import type { Defined } from './definitions.ts';

/** What an answer is made of. */
export interface Given {
  readonly exchange: Exchange;
  readonly status: number;
  readonly headers: readonly string[];
  /** What the service said: JSON or text; undefined when it said nothing. */
  readonly answer: unknown;
  /** The same of the request, if it was asked for. */
  readonly body: unknown;
}

/** The values of an answer, and of the request as the client sent it. */
export class AnswerValues implements Values {
  readonly #given: Given;
  readonly #defined: Defined;
  #query: URLSearchParams | undefined;

  constructor(given: Given, defined: Defined) {
    this.#given = given;
    this.#defined = defined;
  }

  find(placeholder: Placeholder): unknown {
    return missingIfNull(this.#valueOf(placeholder), placeholder);
  }

  #valueOf(placeholder: Placeholder): unknown {
    const { source, keys, type } = placeholder;
    const { exchange, status, headers, answer, body } = this.#given;
    const [name = ''] = keys;
    switch (source) {
      case 'answer':
        return memberOf(answer, keys);
      case 'answerHeaders':
        return headerValue(headers, name);
      case 'status':
        return status;
      case 'now':
        return now(name);
      case 'lists':
      case 'values':
        return this.#defined.find(placeholder, this);
      case 'request':
        return name === 'path' ? exchange.path : exchange.request.method;
      case 'path':
        return Object.hasOwn(exchange.parameters, name) ? exchange.parameters[name] : undefined;
      case 'query':
        return this.#fromQuery(name, type === 'list');
      case 'headers':
        return fromHeaders(exchange, name);
      case 'subject':
        return exchange.subject;
      case 'requestId':
        return exchange.requestId;
      case 'body':
        return memberOf(body, keys);
      default:
        return undefined;
    }
  }

  #fromQuery(name: string, all: boolean): unknown {
    const query = (this.#query ??= queryOf(this.#given.exchange));
    if (!query.has(name)) return undefined;
    return all ? query.getAll(name) : query.get(name);
  }
}

/** As the client sent it: `rewrite` may have made another for the service. */
function queryOf({ request: { url = '' } }: Exchange): URLSearchParams {
  const mark = url.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : url.slice(mark));
}

function fromHeaders({ request: { headers } }: Exchange, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return Array.isArray(value) ? value.join(', ') : value;
}

function now(unit: string): string | number {
  const at = new Date();
  if (unit === 'milliseconds') return at.getTime();
  return unit === 'seconds' ? Math.floor(at.getTime() / 1_000) : at.toISOString();
}
