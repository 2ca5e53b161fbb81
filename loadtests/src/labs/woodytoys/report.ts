import type { Bar, Table } from '../../lab/lab.ts';
import type { Chart } from '../../report/chart.ts';
import { numberText, withUnit } from '../../report/numbers.ts';
import type { Results } from '../../report/results.ts';
import { AT_ONCE } from './calls.ts';
import { QUICK_CALLS, limit } from './limit.ts';
import { accepted, waitedFor } from './steps.ts';

/** A row of the report: what was added, where it was measured, and when a client has its order. */
interface Stage {
  readonly title: string;
  readonly configuration: string;
  readonly order: 'validatedSeconds' | 'orderSeconds';
}

/** In the order in which TP9 and TP10 take them. */
const stages: readonly Stage[] = [
  { title: 'monolith', configuration: 'monolith', order: 'validatedSeconds' },
  { title: 'services', configuration: 'services', order: 'validatedSeconds' },
  { title: '+ replicas', configuration: 'replicas', order: 'validatedSeconds' },
  { title: '+ cache', configuration: 'cache', order: 'validatedSeconds' },
  { title: '+ asynchronous orders', configuration: 'cache', order: 'orderSeconds' },
  { title: 'behind the gateway', configuration: 'platform', order: 'orderSeconds' },
  { title: 'ours by npm start', configuration: 'standalone', order: 'orderSeconds' },
];

const calls = [
  ['shortSeconds', 'short'],
  ['tenShortSeconds', `${AT_ONCE} short at once`],
  ['besideSeconds', 'short beside an order'],
  ['heavySeconds', 'heavy'],
  ['heavyAgainSeconds', 'heavy again'],
  ['addSeconds', 'add a product'],
  ['lastSeconds', 'last product'],
  ['lastAgainSeconds', 'last again'],
  ['order', 'order'],
  ['statusSeconds', 'check an order'],
] as const;

function secondsOf(results: Results, stage: Stage, call: string): number {
  const name = call === 'order' ? stage.order : call;
  return results.value({ part: 'calls', configuration: stage.configuration }, name);
}

function ordersOf(results: Results, { configuration, order }: Stage): number {
  const load = order === 'orderSeconds' ? accepted : waitedFor;
  return results.value({ part: 'orders', configuration, load }, 'ordersPerSecond');
}

const ranStages = (results: Results) =>
  stages.filter((stage) => !Number.isNaN(secondsOf(results, stage, 'shortSeconds')));

const page = [
  ['originSeconds', 'from the front, 300 kB/s'],
  ['edgeFirstSeconds', 'through the edge, first'],
  ['edgeSeconds', 'through the edge, again'],
] as const;

const pageValue = (results: Results, name: string) => results.value({ part: 'page' }, name);
const limitValue = (results: Results, name: string) => results.value({ part: 'limit' }, name);

export function tables(results: Results): readonly Table[] {
  const ran = ranStages(results);
  return [
    {
      title: 'Seconds of a call',
      head: ['', ...ran.map(({ title }) => title)],
      rows: calls.map(([name, title]) => [
        title,
        ...ran.map((stage) => numberText(secondsOf(results, stage, name))),
      ]),
      note:
        'An order counts until it is validated, for which the original lets its client wait, and ' +
        'from "asynchronous orders" on until it is accepted. "Again" is the same call a second time.',
    },
    {
      title: 'Orders',
      head: ['', 'orders/s'],
      rows: ran.map((stage) => [stage.title, numberText(ordersOf(results, stage))]),
    },
    ...(results.ran('page')
      ? [
          {
            title: 'The page with its picture of 5 MB',
            head: ['', 'seconds'],
            rows: page.map(([name, title]) => [title, numberText(pageValue(results, name))]),
          },
        ]
      : []),
    ...(results.ran('limit') ? [limitTable(results)] : []),
  ];
}

function limitTable(results: Results): Table {
  return {
    title: `${QUICK_CALLS} quick calls under a limit of ${limit.perMinute} a minute, ${limit.burst} more at once`,
    head: ['answered', '429', '429 without Retry-After', 'of another client refused'],
    rows: [
      ['passed', 'refused', 'withoutRetryAfter', 'otherRefused'].map((name) =>
        numberText(limitValue(results, name)),
      ),
    ],
  };
}

export function charts(results: Results): readonly Chart[] {
  const ran = ranStages(results);
  if (ran.length === 0) return [];
  const shown = ['heavySeconds', 'heavyAgainSeconds', 'lastAgainSeconds', 'besideSeconds', 'order'];
  const ordersChart: Chart = {
    kind: 'bars',
    name: 'orders',
    title: 'Orders that clients are done with',
    y: { title: 'orders', unit: '1/s', logarithmic: true },
    groups: ran.map(({ title }) => title),
    series: [{ name: 'orders/s', values: ran.map((stage) => ordersOf(results, stage)) }],
  };
  const callsChart: Chart = {
    kind: 'bars',
    name: 'calls',
    title: 'What each step does to a call',
    y: { title: 'time', unit: 's', logarithmic: true },
    groups: ran.map(({ title }) => title),
    series: calls
      .filter(([name]) => shown.includes(name))
      .map(([name, title]) => ({
        name: title,
        values: ran.map((stage) => secondsOf(results, stage, name)),
      })),
  };
  if (!results.ran('page')) return [callsChart, ordersChart];
  const pageChart: Chart = {
    kind: 'bars',
    name: 'page',
    title: 'The page with its picture of 5 MB',
    y: { title: 'time', unit: 's', logarithmic: true },
    groups: page.map(([, title]) => title),
    series: [{ name: 'the whole page', values: page.map(([name]) => pageValue(results, name)) }],
  };
  return [callsChart, ordersChart, pageChart];
}

export function bars(results: Results): readonly Bar[] {
  const [refused, seconds] = [limitValue(results, 'refused'), limitValue(results, 'limitSeconds')];
  const ran = results.ran('limit');
  // The first, the burst, and one for each second that the calls took.
  const mayPass = 1 + limit.burst + Math.floor((seconds * limit.perMinute) / 60);
  const wrong = limitValue(results, 'withoutRetryAfter') + limitValue(results, 'otherRefused');
  return [
    {
      what: `TP10's test: ${QUICK_CALLS} quick calls, 429 for what is over the limit`,
      expected: ran ? `${QUICK_CALLS - mayPass} (or one fewer)` : 'all but the limit and its burst',
      measured: ran ? numberText(refused) : undefined,
      met: ran
        ? refused <= QUICK_CALLS - mayPass + 1 && refused >= QUICK_CALLS - mayPass - 1
        : undefined,
    },
    {
      what: '… each with Retry-After, and another client unharmed',
      expected: '0 without, 0 refused',
      measured: ran ? numberText(wrong) : undefined,
      met: ran ? wrong === 0 : undefined,
    },
  ];
}

export function findings(results: Results): readonly string[] {
  const ran = ranStages(results);
  const [first, last] = [ran[0], ran.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  const gain = (name: string, title: string) => {
    const [before, after] = [secondsOf(results, first, name), secondsOf(results, last, name)];
    return `${title}: ${withUnit(before, 's')} (${first.title}), ${withUnit(after, 's')} (${last.title}).`;
  };
  return [
    gain('besideSeconds', 'A short computation beside an order that is on its way'),
    gain('heavyAgainSeconds', 'The heavy computation, asked a second time'),
    gain('lastAgainSeconds', 'The last product, asked a second time'),
    gain('order', 'Until a client has its answer to an order'),
    `Orders a second: ${numberText(ordersOf(results, first))} (${first.title}), ` +
      `${numberText(ordersOf(results, last))} (${last.title}).`,
    ...(results.ran('page')
      ? [
          `The page: ${withUnit(pageValue(results, 'originSeconds'), 's')} from its front, ` +
            `${withUnit(pageValue(results, 'edgeSeconds'), 's')} from the edge that keeps it.`,
        ]
      : []),
  ];
}
