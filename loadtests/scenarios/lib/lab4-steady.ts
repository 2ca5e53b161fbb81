import type { Options } from 'k6/options';
import { LAB4_NAMES } from './lab4-mix.ts';
import { measured } from './measure.ts';
import { OBJECTIVE } from './objective.ts';
import { atRate } from './rate.ts';

/** Lab 4's mix: `rate` of each of its three requests a second, so three times as many in all. */
export function steady(rate: number, duration: string): Options {
  return measured({
    scenarios: {
      stock: atRate('readStock', rate, duration),
      price: atRate('changePrice', rate, duration),
      report: atRate('readReport', rate, duration),
    },
    names: LAB4_NAMES,
    objectives: OBJECTIVE,
  });
}
