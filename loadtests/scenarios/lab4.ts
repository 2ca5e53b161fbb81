/** Lab 4's load: RPS of each of three requests a second, so three times RPS in all. */
import { logIn } from './lib/lab4-mix.ts';
import { steady } from './lib/lab4-steady.ts';
import { duration, rps } from './lib/settings.ts';

export { changePrice, readReport, readStock } from './lib/lab4-mix.ts';
export { handleSummary } from './lib/summary.ts';

export const options = steady(rps(30), duration('60s'));

export const setup = logIn;
