import type { Bar } from '../../lab/lab.ts';
import { failedRatio, goodPerSecond, lost, p95, spreadText } from '../../report/figures.ts';
import { numberText, percentText, withUnit } from '../../report/numbers.ts';
import type { Results } from '../../report/results.ts';
import { median, spreadOf } from '../../report/statistics.ts';
import { holds, recoverySeconds } from './objective.ts';
import { loadTitle, rateOf, replicasName } from './steps.ts';

/** The bars of lab 4; they are of the cache on, and of medians. */
export function bars(results: Results): readonly Bar[] {
  return [
    mixBar(results, 30, 50),
    mixBar(results, 100, 100),
    highestBar(results),
    gainBar(results),
    ...killedBars(results),
    freshBar(results),
  ];
}

function mixBar(results: Results, rps: number, most: number): Bar {
  const of = { part: 'replicas', configuration: replicasName(1, true), load: loadTitle(rps) };
  const [ms, failed] = [results.spread(of, p95), results.spread(of, lost)];
  const ran = ms.count > 0;
  return {
    what: `the mix at ${rps} on one replica`,
    expected: `0 errors, p95 ≤ ${most} ms`,
    measured: ran ? `${spreadText(failed)} errors, p95 ${spreadText(ms)} ms` : undefined,
    met: ran ? failed.median === 0 && ms.median <= most : undefined,
  };
}

/** The highest rate that held, run by run; 0 where the first did not. */
export function highestRates(results: Results): readonly number[] {
  const runs = new Set(results.select({ part: 'highest' }).map(({ run }) => run));
  return [...runs].map((run) => {
    const held = results
      .select({ part: 'highest' })
      .filter((each) => each.run === run && holds(each))
      .map(({ load }) => rateOf(load));
    return Math.max(0, ...held);
  });
}

function highestBar(results: Results): Bar {
  const rate = median(highestRates(results));
  const ran = !Number.isNaN(rate);
  return {
    what: 'highest rate of the mix under p95 250 ms and 0.1 % errors',
    expected: '≥ 300 (900 requests/s)',
    measured: ran ? `${numberText(rate)} (${numberText(3 * rate)} requests/s)` : undefined,
    met: ran ? rate >= 300 : undefined,
  };
}

/** Requests answered well, of more replicas as a share of one replica's; the least of all loads. */
export function gains(results: Results, count: number): readonly number[] {
  return results.loads('replicas').map((load) => {
    const rate = (replicas: number) =>
      results.median(
        { part: 'replicas', configuration: replicasName(replicas, true), load },
        goodPerSecond,
      );
    return rate(count) / rate(1);
  });
}

function gainBar(results: Results): Bar {
  const all = [2, 3, 4].flatMap((count) => gains(results, count));
  const { least, count } = spreadOf(all);
  const ran = count > 0;
  return {
    what: 'replicas 1 → 4, at every load',
    expected: 'never under 0.95 of one replica',
    measured: ran ? `${least.toFixed(2)} at the least` : undefined,
    met: ran ? least >= 0.95 : undefined,
  };
}

function killedBars(results: Results): readonly Bar[] {
  const share = results.median({ part: 'killed' }, failedRatio);
  const ran = results.ran('killed');
  const recovered = results.select({ part: 'killed' }).map(recoverySeconds);
  const never = recovered.includes(undefined);
  const seconds = median(recovered.map((each) => each ?? Number.NaN));
  return [
    {
      what: 'requests failed with a replica killed at 100 of the mix',
      expected: '≤ 0.1 %',
      measured: ran ? percentText(share) : undefined,
      met: ran ? share <= 0.001 : undefined,
    },
    {
      what: 'back to normal after it',
      expected: '≤ 10 s',
      measured: ran ? (never ? 'not in every run' : withUnit(seconds, 's')) : undefined,
      met: ran ? !never && seconds <= 10 : undefined,
    },
  ];
}

function freshBar(results: Results): Bar {
  const [sale, price] = ['saleShownSeconds', 'priceShownSeconds'].map((name) =>
    results.value({ part: 'fresh' }, name),
  ) as [number, number];
  const ran = results.ran('fresh');
  return {
    what: 'a sale or a price shows in the report, at 100 of the mix',
    expected: '≤ 5 s, the longest of all tries',
    measured: ran ? `a sale ${withUnit(sale, 's')}, a price ${withUnit(price, 's')}` : undefined,
    met: ran ? Math.max(sale, price) <= 5 : undefined,
  };
}
