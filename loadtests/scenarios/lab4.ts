/** Lab 4's load: RPS of each of three requests a second, so three times RPS in all. */
import { LAB4_NAMES, logIn } from './lib/lab4-mix.ts';
import { measured } from './lib/measure.ts';
import { OBJECTIVE } from './lib/objective.ts';
import { atRate } from './lib/rate.ts';
import { duration, rps } from './lib/settings.ts';

export { changePrice, readReport, readStock } from './lib/lab4-mix.ts';
export { handleSummary } from './lib/summary.ts';

const rate = rps(30);
const time = duration('60s');

export const options = measured({
  scenarios: {
    stock: atRate('readStock', rate, time),
    price: atRate('changePrice', rate, time),
    report: atRate('readReport', rate, time),
  },
  names: LAB4_NAMES,
  objectives: OBJECTIVE,
});

export const setup = logIn;
