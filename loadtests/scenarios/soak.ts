/** Lab 4's mix at a steady rate for long: memory, connections and disks that fill show in Grafana. */
import { LAB4_NAMES, logIn } from './lib/lab4-mix.ts';
import { measured } from './lib/measure.ts';
import { OBJECTIVE } from './lib/objective.ts';
import { atRate } from './lib/rate.ts';
import { duration, rps } from './lib/settings.ts';

export { changePrice, readReport, readStock } from './lib/lab4-mix.ts';
export { handleSummary } from './lib/summary.ts';

const rate = rps(30);
const time = duration('30m');

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
