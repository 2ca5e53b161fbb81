import { docker } from '@woodytoys/infra/compose';
import { composeConfiguration } from '../../lab/compose.ts';
import { LabError } from '../../lab/failure.ts';
import type {
  Configuration,
  LabOptions,
  MeasureContext,
  Measurement,
  ScenarioLoad,
  Step,
} from '../../lab/lab.ts';
import { standaloneConfiguration } from '../../lab/standalone.ts';
import { watchFreshness } from './freshness.ts';
import { holds } from './objective.ts';

/** Of each of the three requests a second; the original's load tool takes the same number. */
const LOADS = [1, 15, 30, 100, 300];
const REPLICAS = [1, 2, 3, 4];
const STRATEGIES = ['p2c', 'roundRobin'];
/** The search for the highest rate begins here, and ends with the first that does not hold. */
const FIRST_RATE = 200;
const HIGHER_RATES = [250, 300, 350, 400, 450, 500, 550, 600];
/** Where the first does not hold, it goes down to the first that does. */
const LOWER_RATES = [150, 100, 50];
const LADDER = [FIRST_RATE, ...HIGHER_RATES, ...LOWER_RATES];
const FRESH_AT = 100;
/** Far below any limit, one measurement tells as much as three. */
const SMALL = 15;
const KILLED_AT = 100;
const KILLED_REPLICAS = 2;

export const parts = {
  replicas: '1 to 4 replicas of logistics at 1, 15, 30, 100 and 300 of the mix, cache on',
  uncached: 'the same with the caches off, once each',
  balance: 'the strategies of balancing, with 4 replicas at 100 and 300',
  killed: 'one of two replicas killed in the middle, at 100',
  fresh: 'how soon the report shows a sale or a price, at 100 with one replica',
  highest: 'the highest rate that keeps p95 ≤ 250 ms and ≤ 0.1 % errors, with one replica',
};

export const loadTitle = (rps: number) => `${rps}/s of each`;
export const rateOf = (title: string) => Number.parseInt(title, 10);

const mix = (rps: number): ScenarioLoad => ({
  title: loadTitle(rps),
  scenario: 'lab4',
  options: { rps },
});

/** Neither the services nor the facade's routes keep an answer. */
const uncached = { CACHE: 'off', FACADE_CACHE_TTL: '0s' };

export const replicasName = (count: number, cached: boolean) =>
  `replicas-${count}${cached ? '' : '-uncached'}`;

function replicas(count: number, cached: boolean): Configuration {
  const some = count === 1 ? '1 replica' : `${count} replicas`;
  return composeConfiguration({
    name: replicasName(count, cached),
    title: `${some}, cache ${cached ? 'on' : 'off'}`,
    scale: { logistics: count },
    ...(!cached && { environment: uncached }),
  });
}

export function labSteps({ quick, standalone }: LabOptions): readonly Step[] {
  if (standalone) return standaloneSteps(quick ? [30] : LOADS);
  if (quick) return quickSteps();
  return [
    ...REPLICAS.flatMap((count) => {
      const configuration = replicas(count, true);
      return [
        ...LOADS.map((rps) => replicasStep(configuration, rps)),
        ...(count === 1 ? [freshStep(configuration, FRESH_AT)] : []),
        ...(count === 1 ? LADDER.map((rps) => ladderStep(configuration, rps)) : []),
        ...(count === KILLED_REPLICAS ? [killedStep(configuration, KILLED_AT)] : []),
      ];
    }),
    ...REPLICAS.flatMap((count) => {
      const configuration = replicas(count, false);
      return LOADS.map((rps) => ({ part: 'uncached', configuration, load: mix(rps), runs: 1 }));
    }),
    ...STRATEGIES.flatMap((strategy) => {
      const configuration = composeConfiguration({
        name: `balance-${strategy}`,
        title: `4 replicas, ${strategy}`,
        scale: { logistics: 4 },
        environment: { LOGISTICS_BALANCE: strategy },
      });
      return [100, 300].map((rps) => ({ part: 'balance', configuration, load: mix(rps) }));
    }),
  ];
}

function replicasStep(configuration: Configuration, rps: number): Step {
  return {
    part: 'replicas',
    configuration,
    load: mix(rps),
    ...(rps <= SMALL && { runs: 1 }),
  };
}

function quickSteps(): readonly Step[] {
  const two = replicas(KILLED_REPLICAS, true);
  return [
    { part: 'replicas', configuration: two, load: mix(15) },
    { part: 'replicas', configuration: two, load: mix(30) },
    killedStep(two, 30),
    freshStep(two, 15),
    { part: 'uncached', configuration: replicas(1, false), load: mix(15) },
  ];
}

function standaloneSteps(loads: readonly number[]): readonly Step[] {
  const cached = standaloneConfiguration({
    name: 'standalone',
    title: 'one process tree, cache on',
  });
  const plain = standaloneConfiguration({
    name: 'standalone-uncached',
    title: 'one process tree, cache off',
    environment: uncached,
  });
  return [
    ...loads.map((rps) => ({ part: 'replicas', configuration: cached, load: mix(rps) })),
    freshStep(cached, Math.max(...loads) > FRESH_AT ? FRESH_AT : 15),
    ...loads.map((rps) => ({ part: 'uncached', configuration: plain, load: mix(rps) })),
  ];
}

function ladderStep(configuration: Configuration, rps: number): Step {
  const load = mix(rps);
  return {
    part: 'highest',
    configuration,
    load,
    skip: (before: readonly Measurement[], run: number) => {
      const searched = before.filter((each) => each.part === 'highest' && each.run === run);
      const enough = searched.find((each) => holds(each) !== rps >= FIRST_RATE);
      if (enough === undefined) return undefined;
      return `${enough.load} ${holds(enough) ? 'held' : 'did not hold'} in run ${run}`;
    },
  };
}

function freshStep(configuration: Configuration, rps: number): Step {
  return { part: 'fresh', configuration, load: mix(rps), observe: watchFreshness, runs: 1 };
}

function killedStep(configuration: Configuration, rps: number): Step {
  return {
    part: 'killed',
    configuration,
    load: mix(rps),
    everySecond: true,
    events: [{ title: 'a replica of logistics is killed', at: 0.5, act: kill }],
    restore: async ({ running }) => {
      await running.stack?.up({ logistics: KILLED_REPLICAS });
    },
  };
}

/** As a power cut: no signal that it could answer, and nobody starts it again. */
async function kill({ running: { stack } }: MeasureContext): Promise<void> {
  const [victim] = (await stack?.containers('logistics')) ?? [];
  if (victim === undefined) {
    throw new LabError('No replica of logistics runs that could be killed.');
  }
  await docker('kill', victim);
}
