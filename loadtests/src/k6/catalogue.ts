/** The scenarios by name: what each asks, which options it takes, and the rate that they come to. */
import { SPIKE_FACTOR } from '../../scenarios/lib/stages.ts';
import type { OptionName } from './options.ts';

export interface Scenario {
  readonly title: string;
  /** The options it takes, beside those of every scenario, and what they are unless given. */
  readonly options: Readonly<Partial<Record<OptionName, string>>>;
  /** Options that are read from the environment as well, `max-users` as `MAX_USERS`. */
  readonly fromEnvironment?: boolean;
  /**
   * Whether k6 has a thread for every core, and not for half of them: users by the hundred that wait
   * for slow answers are a heap that one thread takes too long to go through, and times show it.
   */
  readonly allCores?: boolean;
  /** Requests a second that are planned at most, by the value of `rps`; none: as many as users make. */
  readonly requestsPerSecond?: (rps: number) => number;
  /** Paths, or an option that has one, whose answers to GET tell the limit per client. */
  readonly probes: readonly (string | { readonly option: OptionName })[];
}

export const scenarios = {
  smoke: {
    title: 'whether everything answers as it should; no load',
    options: {},
    requestsPerSecond: () => 1,
    probes: ['/api/misc/time'],
  },
  lab4: {
    title: 'each second N reads of a shop, N new prices and N consolidated reports',
    options: { rps: '30', duration: '60s' },
    requestsPerSecond: (rps) => 3 * rps,
    probes: ['/magasin/api/v1/produits', '/api/misc/time'],
  },
  fdj: {
    title: 'virtual users that come in stages, each asking as fast as it is answered',
    options: {
      'initial-users': '5',
      'additional-users': '5',
      'additional-users-per-sec': '5',
      'stage-duration': '60s',
      'max-users': '20',
    },
    fromEnvironment: true,
    probes: ['/api/misc/time'],
  },
  isolation: {
    title: 'a slow and a fast endpoint at once, N requests a second each',
    options: { rps: '1500', duration: '60s', slow: '/slow', fast: '/fast' },
    allCores: true,
    requestsPerSecond: (rps) => 2 * rps,
    probes: [{ option: 'fast' }],
  },
  aggregate: {
    title: 'one page of a user and a product, by N clients that ask again as soon as answered',
    options: { vus: '10', duration: '30s' },
    probes: ['/api/1/1'],
  },
  woodytoys: {
    title: "Woodytoys' seven calls, N a second each",
    options: { rps: '5', duration: '60s', host: 'woodytoys.localhost' },
    requestsPerSecond: (rps) => 7 * rps,
    probes: ['/api/ping'],
  },
  orders: {
    title: 'orders, N a second, each with a product of its own: a peak for the workers',
    options: { rps: '1000', duration: '10s' },
    requestsPerSecond: (rps) => rps,
    probes: ['/api/misc/time'],
  },
  spike: {
    title: `lab 4's mix at N, for a third of the time ${SPIKE_FACTOR} times as much, and N again`,
    options: { rps: '20', duration: '60s' },
    requestsPerSecond: (rps) => 3 * SPIKE_FACTOR * rps,
    probes: ['/magasin/api/v1/produits', '/api/misc/time'],
  },
  soak: {
    title: "lab 4's mix at a steady N for long: what leaks shows here",
    options: { rps: '30', duration: '30m' },
    requestsPerSecond: (rps) => 3 * rps,
    probes: ['/magasin/api/v1/produits', '/api/misc/time'],
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;

export const scenarioNames = Object.keys(scenarios) as readonly ScenarioName[];

export function isScenario(name: string): name is ScenarioName {
  return Object.hasOwn(scenarios, name);
}
