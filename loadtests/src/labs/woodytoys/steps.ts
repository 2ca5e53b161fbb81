import type { Configuration, LabOptions, Step } from '../../lab/lab.ts';
import { callsProbe } from './calls.ts';
import {
  HOST,
  frontPorts,
  grown,
  inOneTree,
  limited,
  monolith,
  platform,
} from './configurations.ts';
import { quickDelays, usualDelays } from './delays.ts';
import type { Delays } from './delays.ts';
import { api, original } from './dialects.ts';
import type { Dialect } from './dialects.ts';
import { limitProbe } from './limit.ts';
import { ordersProbe } from './orders.ts';
import { pageProbe } from './page.ts';

export const waitedFor = 'orders, waited for until they are validated';
export const accepted = 'orders, waited for until they are accepted';

/** How many orders a worker validates at once. */
const PREFETCH = 10;
const DEFAULT_WORKERS = 1;

export function stepsOf({ quick, standalone }: LabOptions): readonly Step[] {
  const delays = quick ? quickDelays : usualDelays;
  const before = monolithSteps(delays);
  if (standalone) return [...before, ...standaloneSteps(delays)];
  const names = quick ? [] : (['services', 'replicas', 'cache'] as const);
  return [
    ...before,
    ...names.flatMap((name) => grownSteps(grown(name, delays), delays, name === 'cache')),
    ...platformSteps(delays),
    { part: 'limit', configuration: limited(), load: limitProbe(HOST) },
  ];
}

function monolithSteps(delays: Delays): readonly Step[] {
  const configuration = monolith(delays);
  const count = 5;
  const orders = { count, abreast: count, seconds: (count * delays.validationMs) / 1000 };
  return [
    { part: 'calls', configuration, load: callsProbe(original(), delays) },
    {
      part: 'orders',
      configuration,
      // It is validated by the time that it is answered.
      load: ordersProbe(original(), { ...orders, title: waitedFor, until: 'accepted' }),
    },
  ];
}

function grownSteps(
  configuration: Configuration,
  delays: Delays,
  asynchronous: boolean,
): readonly Step[] {
  const count = 50;
  const rounds = count / (PREFETCH * DEFAULT_WORKERS);
  const waited = ordersProbe(api, {
    ...{ title: waitedFor, count, abreast: count, until: 'validated' as const },
    seconds: (rounds * delays.validationMs) / 1000,
  });
  const calls = { part: 'calls', configuration, load: callsProbe(api, delays) };
  const steps = [calls, { part: 'orders', configuration, load: waited }];
  return asynchronous
    ? [...steps, { part: 'orders', configuration, load: acceptedOrders(api) }]
    : steps;
}

function standaloneSteps(delays: Delays): readonly Step[] {
  const configuration = inOneTree(delays);
  const dialect = original(HOST);
  return [
    { part: 'calls', configuration, load: callsProbe(dialect, delays) },
    { part: 'orders', configuration, load: acceptedOrders(dialect) },
  ];
}

function platformSteps(delays: Delays): readonly Step[] {
  const configuration = platform(delays);
  const dialect = original(HOST);
  const addresses = {
    front: `http://127.0.0.1:${frontPorts.FRONT_PORT}`,
    edge: `http://127.0.0.1:${frontPorts.CDN_PORT}`,
  };
  return [
    { part: 'calls', configuration, load: callsProbe(dialect, delays) },
    { part: 'page', configuration, load: pageProbe(addresses) },
    { part: 'orders', configuration, load: acceptedOrders(dialect) },
  ];
}

/** The last of a configuration: thousands of orders wait for the workers after it. */
function acceptedOrders(dialect: Dialect) {
  return ordersProbe(dialect, {
    ...{ title: accepted, count: 1_000, abreast: 10, until: 'accepted' as const },
    seconds: 5,
  });
}
