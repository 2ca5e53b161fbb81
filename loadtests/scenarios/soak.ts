/** Lab 4's mix at a steady rate for long: memory, connections and disks that fill show in Grafana. */
import { logIn } from './lib/lab4-mix.ts';
import { steady } from './lib/lab4-steady.ts';
import { duration, rps } from './lib/settings.ts';

export { changePrice, readReport, readStock } from './lib/lab4-mix.ts';
export { handleSummary } from './lib/summary.ts';

export const options = steady(rps(30), duration('30m'));

export const setup = logIn;
