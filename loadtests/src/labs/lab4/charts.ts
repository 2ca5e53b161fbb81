import type { Chart, LineSeries } from '../../report/chart.ts';
import { p95 } from '../../report/figures.ts';
import type { Figure, Results } from '../../report/results.ts';
import { OBJECTIVE } from './objective.ts';
import { rateOf } from './steps.ts';

const load = { title: 'load, each of the three requests', unit: '1/s', logarithmic: true };

export function charts(results: Results): readonly Chart[] {
  return [
    ...latency(results, 'replicas', 'p95 by replicas of logistics, cache on'),
    ...latency(results, 'uncached', 'p95 by replicas of logistics, caches off'),
    ...throughput(results),
    ...balance(results),
    ...killed(results),
  ];
}

/** A line for each configuration of a part over its loads. */
function over(results: Results, part: string, figure: Figure): readonly LineSeries[] {
  return results.configurations(part).map((configuration) => ({
    name: results.title(configuration),
    points: results
      .loads(part)
      .map(
        (title) =>
          [rateOf(title), results.median({ part, configuration, load: title }, figure)] as const,
      )
      .filter(([, value]) => !Number.isNaN(value)),
  }));
}

function latency(results: Results, part: string, title: string): readonly Chart[] {
  if (!results.ran(part)) return [];
  return [
    {
      kind: 'lines',
      name: `latency-${part}`,
      title,
      x: load,
      y: { title: 'p95', unit: 'ms', logarithmic: true },
      series: over(results, part, p95),
      levels: [{ y: OBJECTIVE.p95, title: 'objective' }],
    },
  ];
}

/** Each load is three requests: what was answered as it should be, of what was to be sent. */
const answered: Figure = (k6, { load: title }) =>
  (100 * k6.requestsPerSecond * (1 - k6.failedRatio)) / (3 * rateOf(title));

function throughput(results: Results): readonly Chart[] {
  if (!results.ran('replicas')) return [];
  return [
    {
      kind: 'lines',
      name: 'answered',
      title: 'Requests answered as they should be',
      x: load,
      y: { title: 'share of the load', unit: '%' },
      series: [...over(results, 'replicas', answered), ...over(results, 'uncached', answered)],
    },
  ];
}

function balance(results: Results): readonly Chart[] {
  if (!results.ran('balance')) return [];
  return [
    {
      kind: 'bars',
      name: 'balance',
      title: 'Strategies of balancing, 4 replicas',
      y: { title: 'p95', unit: 'ms' },
      groups: results.loads('balance'),
      series: results.configurations('balance').map((configuration) => ({
        name: results.title(configuration),
        values: results
          .loads('balance')
          .map((title) => results.median({ part: 'balance', configuration, load: title }, p95)),
      })),
    },
  ];
}

/** The first repetition second by second: a median of curves would be nobody's curve. */
function killed(results: Results): readonly Chart[] {
  const [measured] = results.select({ part: 'killed' });
  if (measured === undefined) return [];
  const marks = measured.events.map(({ title, seconds }) => ({ title, x: seconds }));
  const points = (name: string) => measured.series.find((each) => each.name === name)?.points ?? [];
  const x = { title: 'time', unit: 's' };
  return [
    {
      kind: 'lines',
      name: 'killed-requests',
      title: 'A replica killed: requests and failures each second',
      x,
      y: { title: 'requests', unit: '1/s' },
      series: [
        { name: 'requests', points: points('requests') },
        { name: 'failed', points: points('failed') },
      ],
      marks,
    },
    {
      kind: 'lines',
      name: 'killed-latency',
      title: 'A replica killed: p95 of each second',
      x,
      y: { title: 'p95', unit: 'ms' },
      series: [{ name: 'p95', points: points('p95') }],
      marks,
    },
  ];
}
