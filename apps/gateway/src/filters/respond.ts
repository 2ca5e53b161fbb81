import { sizeBytes } from '../config/units.ts';
import { discardBody, problemAnswer } from '../exchange/answer.ts';
import type { Answer } from '../exchange/answer.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { replaceHeader } from '../exchange/header-list.ts';
import type { BuildContext, FilterDefinition } from '../plugin.ts';
import { readBodyValues } from '../template/body-values.ts';
import type { Scope, Source } from '../template/placeholder.ts';
import { requestScope } from '../template/request-scope.ts';
import { isListedBefore } from './order.ts';
import { optionsSchema } from './respond/options.ts';
import type { RespondOptions } from './respond/options.ts';
import { createResponder } from './respond/responder.ts';

/** What asks for another answer than the whole one, packed by nobody, that is to be worked on. */
const ABOUT_THE_BYTES = ['range', 'if-range', 'if-none-match', 'if-modified-since'];
/** What differs between clients that the cache takes for the same. */
const OF_ONE_CLIENT: readonly Source[] = ['headers', 'subject', 'requestId'];

/**
 * Makes the answer to the client from that of the service, by templates: the counterpart of
 * `rewrite`. Outgoing it sees what the endpoint answers; incoming, refusals of the filters after it
 * and failures of the gateway as well.
 */
export const respond: FilterDefinition<RespondOptions> = {
  name: 'respond',
  options: optionsSchema,

  around(options, context) {
    const { responder, readBody } = prepared(options, context);

    return async (exchange, next) => {
      askForTheWhole(exchange);
      let answer: Answer;
      let body: unknown;
      try {
        body = await readBody(exchange);
        answer = await next();
      } catch (error) {
        // Nobody is left to answer.
        if (exchange.gone) throw error;
        exchange.error = error;
        discardBody(exchange);
        answer = problemAnswer(error, exchange);
      }
      return responder.respond(exchange, answer, body);
    };
  },

  prepare(options, context) {
    const { readBody, readsBody } = prepared(options, context);
    return (exchange) => {
      askForTheWhole(exchange);
      if (!readsBody) return undefined;
      // What cannot be read is refused before the service does anything.
      return readBody(exchange).then(() => undefined);
    };
  },

  outgoing(options, context) {
    const { responder, readBody } = prepared(options, context);
    return async (exchange, answer) =>
      responder.respond(exchange, answer, await readBody(exchange));
  },
};

function prepared(options: RespondOptions, context: BuildContext) {
  const { route, template } = context;
  const requested = requestScope(template);
  const scope: Scope = {
    ...requested,
    sources: [...requested.sources, 'request', 'answer', 'answerHeaders', 'status', 'now'],
  };
  const responder = createResponder(options, scope, context);
  const { asks } = responder;
  const kept = asks(OF_ONE_CLIENT);
  if (kept !== undefined && isListedBefore(route, { name: 'respond', options }, 'cache')) {
    throw new TypeError(
      `list respond under "incoming", before cache: what it makes of {${kept}} for one client would be given to others`,
    );
  }
  const readsBody = asks(['body']) !== undefined;
  const maxBytes = sizeBytes(route.maxBody);
  return {
    responder,
    readsBody,
    readBody: (exchange: Exchange) =>
      readsBody ? readBodyValues(exchange, maxBytes) : Promise.resolve(),
  };
}

function askForTheWhole({ headers }: Exchange): void {
  for (const name of ABOUT_THE_BYTES) replaceHeader(headers, name, undefined);
  replaceHeader(headers, 'accept-encoding', 'identity');
}
