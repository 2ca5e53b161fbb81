import { p95 } from '../../report/figures.ts';
import { coresText, numberText, percentText, withUnit } from '../../report/numbers.ts';
import type { Results, Selection } from '../../report/results.ts';
import { median } from '../../report/statistics.ts';
import { highestRates } from './bars.ts';
import { loadTitle, replicasName } from './steps.ts';

/** From this share of all cores on, a machine has nothing left to give to a further replica. */
const FULL = 0.9;

export function findings(results: Results): readonly string[] {
  return [...atHighest(results), ...ofReplicas(results), ...ofCache(results), ...ofReport(results)];
}

/** What the highest rate is limited by: who uses the cores then. */
function atHighest(results: Results): readonly string[] {
  const rate = median(highestRates(results));
  if (!(rate > 0)) return [];
  const of = { part: 'highest', load: loadTitle(rate) };
  return [`At ${rate} of the mix, the highest that held, ${whoIsBusy(results, of)}.`];
}

/** Who uses how many cores, the busiest first. */
function whoIsBusy(results: Results, of: Selection): string {
  const names = new Set(
    results
      .select(of)
      .flatMap(({ values }) => Object.keys(values).filter((name) => name.startsWith('cpu.'))),
  );
  const machine = results.value(of, 'cpu.machine');
  const parts = [...names]
    .filter((name) => name !== 'cpu.machine')
    .map((name) => ({ name: name.slice('cpu.'.length), cores: results.value(of, name) }))
    .filter(({ cores }) => cores >= 0.02)
    .toSorted((a, b) => b.cores - a.cores)
    .slice(0, 7)
    .map(
      ({ name, cores }) => `${name === 'outside' ? 'k6 and the system' : name} ${coresText(cores)}`,
    );
  return `${coresText(machine)} cores are busy: ${parts.join(', ')}`;
}

function ofReplicas(results: Results): readonly string[] {
  const load = results.loads('replicas').at(-1);
  if (load === undefined) return [];
  const counts = [1, 2, 3, 4].filter((count) => results.select(selection(count, load)).length > 0);
  if (counts.length < 2) return [];
  const latencies = counts.map((count) =>
    withUnit(results.median(selection(count, load), p95), 'ms'),
  );
  const busy = counts.map((count) => results.value(selection(count, load), 'cpu.machine'));
  const told =
    `At ${load} the p95 is ${latencies.join(', ')} with ${counts.join(', ')} replicas, ` +
    `and ${busy.map(coresText).join(', ')} cores are busy`;
  const cores = Math.ceil(Math.max(...busy));
  const full = busy.findIndex((each) => each >= FULL * cores);
  return [
    full < 0
      ? `${told}.`
      : `${told}: from ${counts[full]} on the machine is full, and a further replica divides what there is.`,
  ];
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
