import type { Table } from '../../lab/lab.ts';
import { failedRatio, p50, p95, p99, requestsPerSecond, spreadText } from '../../report/figures.ts';
import { coresText, numberText, percentText, withUnit } from '../../report/numbers.ts';
import type { Results, Selection } from '../../report/results.ts';
import { spreadOf } from '../../report/statistics.ts';
import { recoverySeconds } from './objective.ts';
import { rateOf } from './steps.ts';

const TITLES: Readonly<Record<string, string>> = {
  replicas: 'Replicas of logistics, cache on',
  uncached: 'The same with the caches off',
  balance: 'Strategies of balancing',
  highest: 'The search for the highest rate',
  killed: 'A replica killed in the middle',
  fresh: 'While sales and prices were watched',
};

export function tables(results: Results): readonly Table[] {
  return [
    ...Object.keys(TITLES).map((part) => loadTable(results, part)),
    calls(results),
    saturation(results),
    recovery(results),
  ].filter(({ rows }) => rows.length > 0);
}

/** In the order of their rates, which is not that of a search. */
function stepsOf(results: Results, part: string): readonly Required<Selection>[] {
  return results.configurations(part).flatMap((configuration) =>
    results
      .loads(part)
      .toSorted((a, b) => rateOf(a) - rateOf(b))
      .map((load) => ({ part, configuration, load }))
      .filter((step) => results.select(step).length > 0),
  );
}

function loadTable(results: Results, part: string): Table {
  return {
    title: TITLES[part] ?? part,
    head: ['what ran', 'load', 'requests/s', 'p50, ms', 'p95, ms', 'p99, ms', 'failed', 'not sent'],
    rows: stepsOf(results, part).map((step) => [
      results.title(step.configuration),
      step.load,
      spreadText(results.spread(step, requestsPerSecond)),
      spreadText(results.spread(step, p50)),
      spreadText(results.spread(step, p95)),
      spreadText(results.spread(step, p99)),
      percentText(results.median(step, failedRatio)),
      numberText(results.median(step, ({ dropped }) => dropped)),
    ]),
  };
}

/** The three requests of the mix apart, where all of it is measured. */
function calls(results: Results): Table {
  const names = ['stock', 'price', 'report'];
  return {
    title: 'The three requests of the mix, p95 in ms',
    head: ['what ran', 'load', ...names],
    rows: ['replicas', 'uncached'].flatMap((part) =>
      stepsOf(results, part).map((step) => [
        results.title(step.configuration),
        step.load,
        ...names.map((name) =>
          numberText(results.median(step, ({ byName }) => byName[name]?.latency.p95)),
        ),
      ]),
    ),
  };
}

/** Where the cores go, and what waits. */
function saturation(results: Results): Table {
  const cores = [
    'gateway',
    'logistics',
    'product',
    'user',
    'postgres',
    'pgbouncer',
    'redis',
    'rabbitmq',
    'nginx',
    'outside',
    'machine',
  ];
  return {
    title: 'Cores in use, the share of reads that caches answered, replicas that had requests',
    head: ['what ran', 'load', ...cores, 'hits', 'replicas'],
    rows: ['replicas', 'uncached', 'balance', 'highest'].flatMap((part) =>
      stepsOf(results, part).map((step) => [
        results.title(step.configuration),
        step.load,
        ...cores.map((name) => coresText(results.value(step, `cpu.${name}`))),
        percentText(results.value(step, 'cacheHits.logistics')),
        numberText(results.value(step, 'replicas.logistics')),
      ]),
    ),
    note: '"outside" is what runs in no container: k6 above all.',
  };
}

function recovery(results: Results): Table {
  const measured = results.select({ part: 'killed' });
  const seconds = measured.map((each) => recoverySeconds(each) ?? Number.NaN);
  return {
    title: 'After the kill',
    head: ['run', 'failed requests', 'of', 'back to normal after'],
    rows: measured.map(({ run, k6 }, index) => [
      String(run),
      numberText(Math.round((k6?.failedRatio ?? 0) * (k6?.requests ?? 0))),
      numberText(k6?.requests ?? Number.NaN),
      withUnit(seconds[index] ?? Number.NaN, 's'),
    ]),
    note: `Normal are three seconds in a row without a failed request and with a p95 of at most twice its median before; median ${withUnit(spreadOf(seconds).median, 's')}.`,
  };
}
