import { Readable } from 'node:stream';
import { TAKEN, sendAnswer, sendProblemAnswer } from '../exchange/answer.ts';
import type { Answer } from '../exchange/answer.ts';
import type { ParameterType } from '../config/types.ts';
import type { Exchange } from '../exchange/exchange.ts';
import {
  badRequest,
  clientGone,
  methodNotAllowed,
  parametersInvalid,
  routeNotFound,
  upgradeRefused,
} from '../problems.ts';
import type { Route, RouteTable } from './table.ts';

/** An answer, or that the endpoint writes it itself. */
type Result = Answer | typeof TAKEN;

/**
 * Takes a request through the table it began with: find the route, incoming filters in their order,
 * endpoint, outgoing filters. A filter that answers skips all that comes after it. Whatever throws
 * becomes problem+json. Nothing waits for a promise where a filter or endpoint gives none.
 */
export function runExchange(exchange: Exchange, table: RouteTable): void {
  try {
    const result = runFrom(exchange, findRoute(exchange, table), 0);
    if (result instanceof Promise) void sendLater(exchange, result);
    else if (result !== TAKEN) sendAnswer(exchange, result);
  } catch (error) {
    sendProblemAnswer(exchange, error);
  }
}

async function sendLater(exchange: Exchange, running: Promise<Result>): Promise<void> {
  try {
    const result = await running;
    if (result !== TAKEN) sendAnswer(exchange, result);
  } catch (error) {
    sendProblemAnswer(exchange, error);
  }
}

function findRoute(exchange: Exchange, table: RouteTable): Route {
  const { method = '', url = '' } = exchange.request;
  // A fragment is never sent; what follows would be a path to one hop and none to the next.
  if (url.includes('#')) throw badRequest('The request target has a "#"; write it as %23.');
  const { host, 'access-control-request-method': asked } = exchange.request.headers;
  const preflightFor = method === 'OPTIONS' ? asked : undefined;
  const match = table.match(host, method, exchange.path, preflightFor);
  if (match === undefined) throw routeNotFound(exchange.path);
  exchange.routeName = match.template.text;
  if (match.route === undefined) throw methodNotAllowed(method, match.allow);
  if (exchange.upgradeHead !== undefined && !match.route.takesUpgrade) {
    throw upgradeRefused(exchange.path);
  }
  exchange.parameters = match.parameters;
  if (match.route.parameters !== undefined) checkParameters(exchange, match.route.parameters);
  return match.route;
}

/** The filters from the one at `from` on, then the endpoint. */
function runFrom(exchange: Exchange, route: Route, from: number): Result | Promise<Result> {
  const { incoming } = route;
  for (let index = from; index < incoming.length; index += 1) {
    const step = incoming[index] as Route['incoming'][number];
    if (step.around !== undefined) {
      return step.around(exchange, (other = exchange) => handOn(other, route, index + 1));
    }
    const result = step.incoming(exchange);
    if (result instanceof Promise) return runAfter(exchange, route, result, index + 1);
    if (result !== undefined) return result;
  }
  return runEndpoint(exchange, route);
}

async function runAfter(
  exchange: Exchange,
  route: Route,
  running: Promise<Answer | undefined>,
  next: number,
): Promise<Result> {
  return (await running) ?? runFrom(exchange, route, next);
}

/** What a filter that waits for the answer gets: the endpoint was made to hand it on. */
async function handOn(exchange: Exchange, route: Route, from: number): Promise<Answer> {
  const result = await runFrom(exchange, route, from);
  if (result === TAKEN) throw clientGone();
  return result;
}

function runEndpoint(exchange: Exchange, route: Route): Result | Promise<Result> {
  // Who has gone while a filter waited gets no answer, and costs no upstream a request.
  if (exchange.gone) return TAKEN;
  exchange.beforeEndpoint?.(exchange);
  const result = route.endpoint(exchange);
  return route.outgoing.length === 0 ? result : runOutgoing(exchange, route, result);
}

async function runOutgoing(
  exchange: Exchange,
  { outgoing }: Route,
  result: Result | Promise<Result>,
): Promise<Result> {
  let answer = await result;
  if (answer === TAKEN) return TAKEN;
  try {
    for (const filter of outgoing) answer = await filter(exchange, answer);
    return answer;
  } catch (error) {
    // Nobody reads it any more; unread, it would hold its connection.
    if (answer.body instanceof Readable) answer.body.destroy();
    throw error;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

const CHECKS: Readonly<Record<ParameterType, { test(value: string): boolean; expected: string }>> =
  {
    id: {
      test: (value) => /^[1-9]\d{0,15}$/.test(value) && Number(value) <= Number.MAX_SAFE_INTEGER,
      expected: `an integer from 1 to ${Number.MAX_SAFE_INTEGER}, in digits`,
    },
    uuid: { test: (value) => UUID.test(value), expected: 'a UUID' },
    text: { test: () => true, expected: 'text' },
  };

/** @throws ProblemError 400 with a pointer for each parameter that is not of its type. */
function checkParameters(
  { parameters }: Exchange,
  types: Readonly<Record<string, ParameterType>>,
): void {
  const errors = Object.entries(types)
    .filter(([name, type]) => !CHECKS[type].test(parameters[name] ?? ''))
    .map(([name, type]) => ({
      pointer: `/path/${name}`,
      detail: `must be ${CHECKS[type].expected}`,
    }));
  if (errors.length > 0) throw parametersInvalid(errors);
}
