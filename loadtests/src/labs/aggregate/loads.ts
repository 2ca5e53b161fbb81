import type { ScenarioLoad, Step } from '../../lab/lab.ts';
import type { Arena, Contender } from './gateways.ts';

/** Clients that ask again as soon as they are answered. */
export const concurrencies = [1, 10, 50, 100] as const;
/** Where the bar is read; measured longer and oftener than the others. */
export const barClients = 50;
/** Requests/s that every contender holds, at which times are compared. */
export const steadyRate = 200;

export const clientsText = (count: number) => `${count} ${count === 1 ? 'client' : 'clients'}`;
export const closedTitle = (contender: Contender, clients: number) =>
  `${contender.title}, ${clientsText(clients)}`;
export const steadyTitle = (contender: Contender) => `${contender.title}, ${steadyRate} requests/s`;

/** Each contender under each load; the contenders take turns. */
export function stepsOf({ part, configuration, contenders }: Arena, quick: boolean): Step[] {
  const loads = contenders.flatMap((contender) => steadyLoad(contender, quick));
  const closed = (quick ? [10] : concurrencies).flatMap((clients) =>
    contenders.map((contender) => closedLoad(contender, clients, quick)),
  );
  return [...closed, ...loads].map(({ load, runs }) => ({
    part,
    configuration,
    load,
    ...(!quick && runs !== undefined && { runs }),
  }));
}

interface Repeated {
  readonly load: ScenarioLoad;
  readonly runs?: number;
}

function closedLoad(contender: Contender, clients: number, quick: boolean): Repeated {
  const load = {
    title: closedTitle(contender, clients),
    scenario: 'aggregate',
    options: { vus: clients },
    environment: environmentOf(contender),
    warmUpSeconds: 3,
  };
  if (quick) return { load: { ...load, seconds: 4, warmUpSeconds: 1 } };
  return clients === barClients ? { load } : { load: { ...load, seconds: 15 }, runs: 1 };
}

function steadyLoad(contender: Contender, quick: boolean): Repeated[] {
  if (quick) return [];
  const load = {
    title: steadyTitle(contender),
    scenario: 'aggregate',
    environment: { ...environmentOf(contender), RPS: String(steadyRate) },
    warmUpSeconds: 3,
    seconds: 20,
  };
  return [{ load, runs: 1 }];
}

/** One without an origin of its own is the target of the configuration. */
function environmentOf({ origin }: Contender): Record<string, string> {
  return origin === '' ? {} : { GATEWAY: origin };
}
