import { perLabels } from './children.ts';
import type { CounterKey } from './catalogue.ts';
import type { Instruments } from './instruments.ts';

/**
 * Counters for what every request does. prom-client looks the labels up again at each `inc`, bound or
 * not, which takes some 500 ns; a tally takes an addition, and is handed over at each scrape.
 */
export interface Tallies {
  /** Counts one of these values of the counter's labels; the same ones give the same function. */
  tally(key: CounterKey, ...labels: readonly string[]): () => void;
  handOver(): void;
}

/** Makes none yet. */
export function createTallies(instruments: Instruments): Tallies {
  const all: (() => void)[] = [];
  const tally = perLabels((key: string, ...labels: string[]) => {
    let count = 0;
    instruments
      .counter(key as CounterKey)
      .labels(...labels)
      .inc(0);
    all.push(() => {
      if (count === 0) return;
      instruments
        .counter(key as CounterKey)
        .labels(...labels)
        .inc(count);
      count = 0;
    });
    return () => {
      count += 1;
    };
  });
  return {
    tally: (key, ...labels) => tally(key, ...labels),
    handOver() {
      for (const handOverOne of all) handOverOne();
    },
  };
}
