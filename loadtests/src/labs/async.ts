import { composeConfiguration } from '../lab/compose.ts';
import type { Bar, Lab, LabOptions, Step, Table } from '../lab/lab.ts';
import type { Chart } from '../report/chart.ts';
import { p95, p99, spreadText } from '../report/figures.ts';
import { coresText, numberText, withUnit } from '../report/numbers.ts';
import type { Figure, Results } from '../report/results.ts';
import { spreadOf } from '../report/statistics.ts';
import { drained, whatBecame } from './async/drain.ts';

const PART = 'peak';
const VALIDATION = '20ms';
/** As apps/order has it: so many orders a worker decides on at once. */
const PREFETCH = 10;
/** What a worker can decide on at most. */
const WORKER_PER_SECOND = PREFETCH / (Number.parseInt(VALIDATION, 10) / 1000);
const PER_SECOND = 1_000;
const SECONDS = 10;

const nameOf = (workers: number) => `workers-${workers}`;

function stepOf(workers: number, perSecond: number): Step {
  return {
    part: PART,
    configuration: composeConfiguration({
      name: nameOf(workers),
      title: workers === 1 ? '1 worker' : `${workers} workers`,
      environment: { VALIDATION_MS: VALIDATION },
      scale: { 'order-worker': workers },
    }),
    load: {
      title: `${numberText(perSecond * SECONDS)} orders in ${SECONDS} s`,
      scenario: 'orders',
      options: { rps: perSecond },
      seconds: SECONDS,
    },
    // The warm-up's orders, which are of before the measurement, and are not counted.
    prepare: drained,
    // Twice what the workers need for a peak, of which they do a part meanwhile: it is drained twice.
    waitSeconds: (2 * perSecond * SECONDS) / (workers * WORKER_PER_SECOND),
    observe: async (context, loaded) => {
      const began = Date.now() - context.elapsed() * 1000;
      await loaded;
      await drained(context);
      return whatBecame(context.running, began);
    },
  };
}

/** Requests that were answered 202. */
const accepted: Figure = ({ statuses }) => statuses['202'] ?? 0;
/** Orders that were accepted, and that no worker has validated. */
const lostOrders: Figure = (k6, { values }) =>
  Math.max(
    0,
    (k6.statuses['202'] ?? 0) - ((values['validated'] ?? 0) - (values['duplicates'] ?? 0)),
  );
const acceptedSeconds: Figure = ({ seconds }) => seconds;
const valueOf =
  (name: string): Figure =>
  (_k6, { values }) =>
    values[name];
/** Orders that still waited when nobody looked any longer take for ever. */
const drainedSeconds: Figure = (_k6, { values }) =>
  (values['waiting'] ?? 0) > 0 ? Number.POSITIVE_INFINITY : values['drainedSeconds'];

export const async: Lab = {
  name: 'async',
  title: 'Async: a peak of 10,000 orders',
  question:
    'A shop opens its sale: 10,000 orders come in 10 seconds, and the validation of one takes 20 ms. ' +
    'Are all of them accepted at once, is none lost, and how long do 1, 2, 5 and 10 workers take to validate them?',
  standalone: false,
  seconds: SECONDS,
  warmUpSeconds: 3,
  // Peaks of their own: the question is how a shop that is open takes one, and not a cold start. Of
  // ten workers each has a tenth of the orders, and takes as much longer until it is compiled.
  firstWarmUpSeconds: 3 * SECONDS,
  runs: 3,
  parts: { [PART]: '10,000 orders in 10 s with 1, 2, 5 and 10 workers' },

  steps: ({ quick }: LabOptions) =>
    quick ? [stepOf(1, 100), stepOf(2, 100)] : [1, 2, 5, 10].map((n) => stepOf(n, PER_SECOND)),

  tables: (results): readonly Table[] => [
    {
      title: 'What became of the orders',
      head: [
        'what ran',
        'sent and answered 202',
        'last accepted after, s',
        'p95 of accepting, ms',
        'p99 of accepting, ms',
        'drained after, s',
        'lost',
        'twice',
        'most in the queue',
      ],
      rows: results.configurations(PART).map((configuration) => {
        const of = { part: PART, configuration };
        const text = (figure: Figure) => spreadText(results.spread(of, figure));
        return [
          results.title(configuration),
          text(accepted),
          text(acceptedSeconds),
          text(p95),
          text(p99),
          text(drainedSeconds),
          text(lostOrders),
          text(valueOf('duplicates')),
          numberText(spreadOf(waitingMost(results, configuration)).median),
        ];
      }),
      note:
        'Seconds run from the first order on. An order is lost when it was answered 202 and no worker validated it: ' +
        'each order has a product of its own, and the database is asked for all of them afterwards.',
    },
    {
      title: 'Cores in use, from the first order to the last accepted',
      head: [
        'what ran',
        'order',
        'order-worker',
        'gateway',
        'postgres',
        'rabbitmq',
        'not in containers',
        'machine',
      ],
      rows: results
        .configurations(PART)
        .map((configuration) => [
          results.title(configuration),
          ...['order', 'order-worker', 'gateway', 'postgres', 'rabbitmq', 'outside', 'machine'].map(
            (of) => coresText(results.value({ part: PART, configuration }, `cpu.${of}`)),
          ),
        ]),
    },
  ],

  charts: (results): readonly Chart[] => [
    {
      kind: 'lines',
      name: 'waiting',
      title: 'Orders accepted and not yet validated',
      x: { title: 'time', unit: 's' },
      y: { title: 'orders', unit: '' },
      series: results.configurations(PART).map((configuration) => ({
        name: results.title(configuration),
        // The first repetition: a median of curves would be nobody's curve.
        points: waitingOf(results, configuration)[0] ?? [],
      })),
    },
    {
      kind: 'bars',
      name: 'drained',
      title: 'From the first order to the last one validated',
      y: { title: 'time', unit: 's' },
      groups: results.configurations(PART).map((each) => results.title(each)),
      series: [
        {
          name: 'median of the repetitions',
          values: results
            .configurations(PART)
            .map((configuration) => results.median({ part: PART, configuration }, drainedSeconds)),
        },
      ],
      levels: [{ y: 120, title: 'bar for one worker' }],
    },
  ],

  bars: (results): readonly Bar[] => {
    const one = { part: PART, configuration: nameOf(1) };
    const worst = (figure: Figure) => results.spread({ part: PART }, figure).most;
    // The runs' median, as the other labs' bars; of the number of workers that it is highest with.
    const highestMedian = (figure: Figure) =>
      spreadOf(
        results
          .configurations(PART)
          .map((configuration) => results.median({ part: PART, configuration }, figure)),
      ).most;
    const least = results.spread({ part: PART }, accepted).least;
    return [
      bar(
        'all 10,000 orders accepted',
        '10,000 answered 202, the last ≤ 15 s',
        worst(acceptedSeconds),
        's',
        {
          met: (seconds) => seconds <= 15 && least >= PER_SECOND * SECONDS,
          also: `, least accepted ${numberText(least)}`,
        },
      ),
      bar('p99 of accepting', '≤ 300 ms', highestMedian(p99), 'ms', { met: (ms) => ms <= 300 }),
      bar('orders lost', '0', worst(lostOrders), '', { met: (count) => count === 0 }),
      bar('drained with one worker', '≤ 120 s', results.median(one, drainedSeconds), 's', {
        met: (seconds) => seconds <= 120,
      }),
    ];
  },

  findings: (results) =>
    results.configurations(PART).flatMap((configuration) => {
      const of = { part: PART, configuration };
      const seconds = results.median(of, drainedSeconds);
      const count = results.median(of, valueOf('validated'));
      if (!(seconds > 0 && Number.isFinite(seconds))) return [];
      const rate = count / seconds;
      return [
        `${results.title(configuration)}: ${withUnit(rate, 'orders/s')} from first to last, ` +
          `where ${PREFETCH} at a time of ${VALIDATION.replace('ms', ' ms')} each allow ${withUnit(WORKER_PER_SECOND * workersOf(configuration), 'orders/s')}.`,
      ];
    }),

  originals: [
    {
      title: 'Woodytoys before the broker',
      head: ['what', 'figure'],
      rows: [
        ['GET /api/orders/do, one at a time, validation within the request', '5 s each'],
        ['10,000 of them, one after the other', 'about 14 hours'],
      ],
      note: 'The first is what the original sleeps; the second is the product of it.',
    },
  ],
};

const workersOf = (configuration: string) => Number(configuration.replace('workers-', ''));

function waitingOf(results: Results, configuration: string) {
  return results
    .select({ part: PART, configuration })
    .flatMap(({ series }) => series.filter(({ name }) => name === 'waiting'))
    .map(({ points }) => points);
}

function waitingMost(results: Results, configuration: string): readonly number[] {
  return waitingOf(results, configuration).map((points) =>
    Math.max(0, ...points.map(([, count]) => count)),
  );
}

function bar(
  what: string,
  expected: string,
  value: number,
  unit: string,
  { met, also = '' }: { met: (value: number) => boolean; also?: string },
): Bar {
  if (Number.isNaN(value)) return { what, expected, measured: undefined, met: undefined };
  return { what, expected, measured: withUnit(value, unit).trim() + also, met: met(value) };
}
