import { TAKEN, sendAnswer, sendProblemAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import type { ParameterType } from './config/types.ts';
import type { Exchange } from './exchange.ts';
import { methodNotAllowed, parametersInvalid, routeNotFound } from './problems.ts';
import type { Route, RouteTable } from './table.ts';

/**
 * Takes a request through the table it began with: find the route, incoming filters in their order,
 * endpoint, outgoing filters. A filter that answers skips all that comes after it. Whatever throws
 * becomes problem+json. Nothing waits for a promise where a filter or endpoint gives none.
 */
export function runExchange(exchange: Exchange, table: RouteTable): void {
  try {
    const route = findRoute(exchange, table);
    const aborted = runIncoming(exchange, route, 0);
    if (aborted instanceof Promise) void finishLater(exchange, route, aborted);
    else if (aborted !== undefined) sendAnswer(exchange, aborted);
    else runEndpoint(exchange, route);
  } catch (error) {
    sendProblemAnswer(exchange, error);
  }
}

function findRoute(exchange: Exchange, table: RouteTable): Route {
  const method = exchange.request.method as string;
  const match = table.match(exchange.request.headers.host, method, exchange.path);
  if (match === undefined) throw routeNotFound(exchange.path);
  exchange.routeName = match.template.text;
  if (match.route === undefined) throw methodNotAllowed(method, match.allow);
  exchange.parameters = match.parameters;
  if (match.route.parameters !== undefined) checkParameters(exchange, match.route.parameters);
  return match.route;
}

function runIncoming(
  exchange: Exchange,
  route: Route,
  from: number,
): Answer | undefined | Promise<Answer | undefined> {
  const { incoming } = route;
  for (let index = from; index < incoming.length; index += 1) {
    const result = (incoming[index] as Route['incoming'][number])(exchange);
    if (result instanceof Promise) return runIncomingAfter(exchange, route, result, index);
    if (result !== undefined) return result;
  }
  return undefined;
}

async function runIncomingAfter(
  exchange: Exchange,
  route: Route,
  running: Promise<Answer | undefined>,
  index: number,
): Promise<Answer | undefined> {
  return (await running) ?? runIncoming(exchange, route, index + 1);
}

async function finishLater(
  exchange: Exchange,
  route: Route,
  incoming: Promise<Answer | undefined>,
): Promise<void> {
  try {
    const aborted = await incoming;
    if (aborted === undefined) runEndpoint(exchange, route);
    else sendAnswer(exchange, aborted);
  } catch (error) {
    sendProblemAnswer(exchange, error);
  }
}

function runEndpoint(exchange: Exchange, route: Route): void {
  // Who has gone while a filter waited gets no answer, and costs no upstream a request.
  if (exchange.response.destroyed) return;
  const result = route.endpoint(exchange);
  if (result === TAKEN) return;
  if (result instanceof Promise || route.outgoing.length > 0)
    void runOutgoing(exchange, route, result);
  else sendAnswer(exchange, result);
}

async function runOutgoing(
  exchange: Exchange,
  { outgoing }: Route,
  result: Answer | typeof TAKEN | Promise<Answer | typeof TAKEN>,
): Promise<void> {
  try {
    let answer = await result;
    if (answer === TAKEN) return;
    for (const filter of outgoing) answer = await filter(exchange, answer);
    sendAnswer(exchange, answer);
  } catch (error) {
    sendProblemAnswer(exchange, error);
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
