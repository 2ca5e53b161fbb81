import type { ScenarioLoad, Step } from '../../lab/lab.ts';
import type { Arena, Contender } from './gateways.ts';

/** Clients that ask again as soon as they are answered. */
export const concurrencies = [1, 10, 50, 100] as const;
/** Where the bar is read. */
export const barClients = 50;
/** Requests/s that every contender holds, at which times are compared. */
export const steadyRate = 200;

/** Those that the bar speaks of are measured several times, the others once. */
const barKeys: readonly Contender['key'][] = ['naive', 'ours'];
/** The bar of the platform asks for a minute; the services that only answer are an aside. */
const barSeconds = { services: 60, trivial: 15 } as const;
const SHORT_SECONDS = 10;
const STEADY_SECONDS = 15;
const WARM_UP_SECONDS = 3;
/** The first of them finds services that have not compiled their code. */
const BAR_WARM_UP_SECONDS = 8;
const QUICK = { seconds: 4, warmUpSeconds: 1 };

export const clientsText = (count: number) => `${count} ${count === 1 ? 'client' : 'clients'}`;
export const closedTitle = (contender: Contender, clients: number) =>
  `${contender.title}, ${clientsText(clients)}`;
export const steadyTitle = (contender: Contender) => `${contender.title}, ${steadyRate} requests/s`;

/** Each contender under each load; the contenders take turns. */
export function stepsOf(arena: Arena, quick: boolean): Step[] {
  const { part, configuration, contenders } = arena;
  const step = (load: ScenarioLoad, runs?: number): Step => ({
    ...{ part, configuration, load },
    ...(runs !== undefined && { runs }),
  });
  if (quick) {
    return contenders.map((each) => step({ ...closedLoad(each, 10, QUICK.seconds), ...QUICK }));
  }
  const others = part === 'trivial' ? [] : concurrencies.filter((count) => count !== barClients);
  return [
    ...contenders.map((each) =>
      step(
        { ...closedLoad(each, barClients, barSeconds[part]), warmUpSeconds: BAR_WARM_UP_SECONDS },
        barKeys.includes(each.key) ? undefined : 1,
      ),
    ),
    ...others.flatMap((clients) =>
      contenders.map((each) => step(closedLoad(each, clients, SHORT_SECONDS), 1)),
    ),
    ...contenders.map((each) => step(steadyLoad(each), 1)),
  ];
}

function closedLoad(contender: Contender, clients: number, seconds: number): ScenarioLoad {
  return {
    title: closedTitle(contender, clients),
    scenario: 'aggregate',
    options: { vus: clients },
    ...targetOf(contender),
    seconds,
    warmUpSeconds: WARM_UP_SECONDS,
  };
}

function steadyLoad(contender: Contender): ScenarioLoad {
  return {
    title: steadyTitle(contender),
    scenario: 'aggregate',
    ...targetOf(contender),
    environment: { RPS: String(steadyRate) },
    seconds: STEADY_SECONDS,
    warmUpSeconds: WARM_UP_SECONDS,
  };
}

/** One without an origin of its own is the target of the configuration. */
const targetOf = ({ origin }: Contender) => (origin === '' ? {} : { target: origin });
