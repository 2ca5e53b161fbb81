import type { ScenarioResult } from '../k6/result.ts';
import type { Bar, Lab, LabOptions, Step, Table } from '../lab/lab.ts';
import type { Chart } from '../report/chart.ts';
import { numberText, percentText } from '../report/numbers.ts';
import type { Results } from '../report/results.ts';
import { servicesArena, trivialArena } from './aggregate/gateways.ts';
import type { Arena, Contender } from './aggregate/gateways.ts';
import {
  barClients,
  clientsText,
  closedTitle,
  concurrencies,
  stepsOf,
  steadyRate,
  steadyTitle,
} from './aggregate/loads.ts';

/** How often the naive gateway's requests/s ours has to reach. */
const WANTED_RATIO = 3;

const partTitles = {
  services: 'Before our user and product services, with their databases and cache',
  trivial: "Before the design's services, which make up what they answer",
} as const;

const arenas = ({ standalone }: Pick<LabOptions, 'standalone'>): readonly Arena[] =>
  standalone ? [trivialArena()] : [servicesArena(), trivialArena()];

const steps = (options: LabOptions): readonly Step[] =>
  arenas(options).flatMap((arena) => stepsOf(arena, options.quick));

/** The arenas of which there are measurements. */
const ran = (results: Results) =>
  arenas({ standalone: false }).filter(({ part }) => results.ran(part));

const perSecond = (k6: ScenarioResult) => k6.requestsPerSecond;

function closed(results: Results, { part }: Arena, contender: Contender, clients: number) {
  return results.median({ part, load: closedTitle(contender, clients) }, perSecond);
}

/** The clients of which every contender has a figure; a quick run has few. */
const clientsOf = (results: Results, arena: Arena) =>
  concurrencies.filter((clients) =>
    arena.contenders.some((contender) => !Number.isNaN(closed(results, arena, contender, clients))),
  );

function tables(results: Results): readonly Table[] {
  return ran(results).flatMap((arena) => {
    const clients = clientsOf(results, arena);
    const throughput: Table = {
      title: `${partTitles[arena.part]}: requests/s`,
      head: ['', ...clients.map(clientsText), 'not answered'],
      rows: arena.contenders.map((contender) => [
        contender.title,
        ...clients.map((count) => numberText(closed(results, arena, contender, count))),
        percentText(
          Math.max(
            ...clients.map((count) =>
              results.median(
                { part: arena.part, load: closedTitle(contender, count) },
                ({ failedRatio }) => failedRatio,
              ),
            ),
          ),
        ),
      ]),
      note: 'Each client asks again as soon as it is answered. The load, the gateway and the services share the cores of one machine.',
    };
    const times: Table = {
      title: `${partTitles[arena.part]}: times at ${steadyRate} requests/s`,
      head: ['', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'],
      rows: arena.contenders
        .filter(
          (contender) =>
            results.select({ part: arena.part, load: steadyTitle(contender) }).length > 0,
        )
        .map((contender) => [
          contender.title,
          ...(['p50', 'p95', 'p99', 'max'] as const).map((of) =>
            numberText(
              results.median(
                { part: arena.part, load: steadyTitle(contender) },
                ({ latency }) => latency[of],
              ),
            ),
          ),
        ]),
    };
    return times.rows.length === 0 ? [throughput] : [throughput, times];
  });
}

function charts(results: Results): readonly Chart[] {
  return ran(results).map((arena) => {
    const clients = clientsOf(results, arena);
    return {
      kind: 'bars',
      name: `throughput-${arena.part}`,
      title: partTitles[arena.part],
      y: { title: 'answered', unit: 'requests/s' },
      groups: clients.map(clientsText),
      series: arena.contenders.map((contender) => ({
        name: contender.title,
        values: clients.map((count) => closed(results, arena, contender, count)),
      })),
    };
  });
}

/** Where the bar is read; a quick run has fewer clients. */
function clientsAtBar(results: Results, arena: Arena): number | undefined {
  const clients = clientsOf(results, arena);
  return clients.find((count) => count === barClients) ?? clients.at(-1);
}

/** Ours to another, where the bar is read. */
function ratio(results: Results, arena: Arena, to: Contender['key']): number {
  const at = clientsAtBar(results, arena);
  const [ours, other] = [contenderOf(arena, 'ours'), contenderOf(arena, to)];
  if (at === undefined || ours === undefined || other === undefined) return Number.NaN;
  return closed(results, arena, ours, at) / closed(results, arena, other, at);
}

const contenderOf = ({ contenders }: Arena, wanted: Contender['key']) =>
  contenders.find(({ key }) => key === wanted);

function bars(results: Results): readonly Bar[] {
  return arenas({ standalone: false }).map((arena) => {
    const measured = ratio(results, arena, 'naive');
    return {
      what: `${partTitles[arena.part]}: ours to the naive gateway, ${clientsText(clientsAtBar(results, arena) ?? barClients)}`,
      expected: `≥ ${WANTED_RATIO} times its requests/s`,
      measured: Number.isNaN(measured) ? undefined : `${numberText(measured)} times`,
      met: Number.isNaN(measured) ? undefined : measured >= WANTED_RATIO,
    };
  });
}

function findings(results: Results): readonly string[] {
  return ran(results).flatMap((arena) => {
    const [naive, kept] = [ratio(results, arena, 'naive'), ratio(results, arena, 'naiveKept')];
    if (Number.isNaN(naive) || Number.isNaN(kept)) return [];
    return [
      `${partTitles[arena.part]}: ours answers ${numberText(naive)} times as many requests/s as the ` +
        `naive gateway, and ${numberText(kept)} times as many as one that keeps its connections: ` +
        `keeping them alone is worth ${numberText(naive / kept)} times.`,
    ];
  });
}

export const aggregate: Lab = {
  name: 'aggregate',
  title: 'Aggregate: a monolith, a naive gateway and ours',
  question:
    'One page of a user and a product, `/api/{userId}/{productId}`: what does it cost to put it ' +
    'together from two services, one after the other over new connections, and at once over kept ones?',
  standalone: true,
  seconds: 60,
  warmUpSeconds: 3,
  runs: 3,
  parts: {
    services: 'the gateways before our services, in the compose stack',
    trivial: "the monolith and the gateways before the design's services, as processes",
  },
  steps,
  tables,
  charts,
  bars,
  findings,
  originals: [
    {
      title: 'The design',
      head: ['what it describes', 'what it measured'],
      rows: [
        [
          'a monolith, then two services behind a gateway that calls one after the other',
          'nothing',
        ],
      ],
      note: 'It names latency, error rate and exhaustion as its problem and has no figures: the bar is the naive gateway itself, built as described.',
    },
  ],
};
