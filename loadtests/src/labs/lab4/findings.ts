import { failedRatio, p95 } from '../../report/figures.ts';
import { coresText, numberText, percentText, withUnit } from '../../report/numbers.ts';
import type { Results, Selection } from '../../report/results.ts';
import { median } from '../../report/statistics.ts';
import { highestRates } from './bars.ts';
import { holds } from './objective.ts';
import { loadTitle, rateOf, replicasName } from './steps.ts';

/** From this share of all cores on, a machine has nothing left to give to a further replica. */
const FULL = 0.9;
/** From this share of its time on, an event loop has hardly any left: what comes next waits. */
const LOOP_FULL = 0.8;
/** A program that is busy, and of that time has a core less than this share, waits for one the rest. */
const HAS_A_CORE = 0.75;
/** A replica gains something where the p95 falls below this share of what it was without. */
const GAIN = 0.95;

export function findings(results: Results): readonly string[] {
  return [...atHighest(results), ...ofReplicas(results), ...ofCache(results), ...ofReport(results)];
}

/** What limits the highest rate: who uses the cores then, and what came of the next one. */
function atHighest(results: Results): readonly string[] {
  const found = median(highestRates(results));
  // Between two rates where an even number of runs found different ones.
  const rate = Math.max(0, ...ratesOf(results).filter((each) => each <= found));
  const beyond = ratesOf(results).find((each) => each > found && brokeAt(results, each) > 0);
  return [
    ...(rate > 0
      ? [`At ${rate} of the mix, the highest that held, ${whoIsBusy(results, highest(rate))}.`]
      : []),
    ...(beyond === undefined ? [] : [whatBroke(results, beyond)]),
  ];
}

const highest = (rate: number): Selection => ({ part: 'highest', load: loadTitle(rate) });

const ratesOf = (results: Results) =>
  results
    .loads('highest')
    .map(rateOf)
    .toSorted((a, b) => a - b);

const brokeAt = (results: Results, rate: number) =>
  results.select(highest(rate)).filter((each) => !holds(each)).length;

/** The first rate that did not hold, and whether it was for the cores. */
function whatBroke(results: Results, rate: number): string {
  const of = highest(rate);
  const machine = results.value(of, 'cpu.machine');
  const why = isFull(results, machine)
    ? 'the machine is full, and its cores are the limit'
    : (whichLoop(results, of) ?? 'cores are left, so something else is the limit');
  return (
    `At ${rate}, which did not hold in ${brokeAt(results, rate)} of ${results.select(of).length} runs, ` +
    `the p95 is ${withUnit(results.median(of, p95), 'ms')}, ${percentText(results.median(of, failedRatio))} failed ` +
    `and ${numberText(results.median(of, ({ dropped }) => dropped))} were not sent; ${whoIsBusy(results, of)}` +
    (Number.isNaN(machine) || Number.isNaN(results.cores) ? '.' : `: ${why}.`)
  );
}

/**
 * The event loop that is full, and whether with work or with waiting for a core: cores that are
 * wanted by many at one moment and by none at the next are never all busy on average.
 */
function whichLoop(results: Results, of: Selection): string | undefined {
  const [fullest] = valuesOf(results, of, 'eventLoop.').toSorted((a, b) => b.value - a.value);
  if (fullest === undefined || !(fullest.value >= LOOP_FULL)) return undefined;
  const { name, value } = fullest;
  const cores = results.value(of, `cpu.${name}`);
  const told = `the event loop of ${name} is busy ${percentText(value)} of the time`;
  return cores < HAS_A_CORE * value
    ? `${told}, with ${coresText(cores)} of a core: the rest of it waits for one, and the cores are the limit`
    : `${told}, and is the limit`;
}

/** The medians of all figures whose name begins so, by the rest of their names. */
function valuesOf(results: Results, of: Selection, prefix: string) {
  const names = new Set(
    results
      .select(of)
      .flatMap(({ values }) => Object.keys(values).filter((name) => name.startsWith(prefix))),
  );
  return [...names].map((name) => ({
    name: name.slice(prefix.length),
    value: results.value(of, name),
  }));
}

/** NaN, of a machine that is not known, is not full. */
const isFull = ({ cores }: Results, busy: number) => busy >= FULL * cores;

/** "1.80 of 2", as far as it is known. */
const ofCores = ({ cores }: Results, busy: string) =>
  Number.isNaN(cores) ? `${busy} cores are` : `${busy} of ${cores} cores are`;

/** Who uses how many cores, the busiest first. */
function whoIsBusy(results: Results, of: Selection): string {
  const machine = results.value(of, 'cpu.machine');
  const parts = valuesOf(results, of, 'cpu.')
    .filter(({ name, value }) => name !== 'machine' && value >= 0.02)
    .toSorted((a, b) => b.value - a.value)
    .slice(0, 7)
    .map(
      ({ name, value }) => `${name === 'outside' ? 'k6 and the system' : name} ${coresText(value)}`,
    );
  return `${ofCores(results, coresText(machine))} busy (${parts.join(', ')})`;
}

/** Up to how many replicas the latency at the highest load gets better, and whether cores are left then. */
function ofReplicas(results: Results): readonly string[] {
  const load = results.loads('replicas').at(-1);
  if (load === undefined) return [];
  const counts = [1, 2, 3, 4].filter((count) => results.select(selection(count, load)).length > 0);
  if (counts.length < 2) return [];
  const latencies = counts.map((count) => results.median(selection(count, load), p95));
  const busy = counts.map((count) => results.value(selection(count, load), 'cpu.machine'));
  const told =
    `At ${load} the p95 is ${latencies.map((ms) => withUnit(ms, 'ms')).join(', ')} with ${counts.join(', ')} replicas, ` +
    `and ${ofCores(results, busy.map(coresText).join(', '))} busy`;
  const worse = latencies.findIndex((ms, index) => ms > GAIN * (latencies[index - 1] ?? Infinity));
  if (worse < 0) return [`${told}: each replica still gains.`];
  const last = counts[worse - 1];
  const why = isFull(results, busy[worse] ?? Number.NaN)
    ? 'the machine is full, and a further one divides what there is'
    : 'cores are left, so replicas are not what it waits for';
  const gain = `the gain ends at ${last === 1 ? '1 replica' : `${last} replicas`}`;
  return [Number.isNaN(results.cores) ? `${told}: ${gain}.` : `${told}: ${gain}; ${why}.`];
}

const selection = (count: number, load: string): Selection => ({
  part: 'replicas',
  configuration: replicasName(count, true),
  load,
});

function ofCache(results: Results): readonly string[] {
  return results.loads('uncached').flatMap((load) => {
    const off = { part: 'uncached', configuration: replicasName(1, false), load };
    const on = selection(1, load);
    const [without, withIt] = [results.median(off, p95), results.median(on, p95)];
    if (Number.isNaN(without) || Number.isNaN(withIt)) return [];
    const hits = results.value(on, 'cacheHits.logistics');
    const told = Number.isNaN(hits)
      ? ''
      : `; logistics answers ${percentText(hits)} of its reads from the cache`;
    return [
      `${load}, one replica: p95 ${withUnit(without, 'ms')} without caches, ${withUnit(withIt, 'ms')} with them${told}.`,
    ];
  });
}

function ofReport(results: Results): readonly string[] {
  return results.loads('fresh').map((load) => {
    const value = (name: string) => results.value({ part: 'fresh', load }, name);
    return (
      `Under ${load}, the report shows a sale after ${withUnit(value('saleShownSeconds'), 's')} and a price after ` +
      `${withUnit(value('priceShownSeconds'), 's')} at the longest, of ${numberText(value('salesTried'))} sales and ` +
      `${numberText(value('pricesTried'))} prices.`
    );
  });
}
