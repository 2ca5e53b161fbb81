/** Lab 4's mix at a base rate, within a second at five times as much, and at the base again. */
import type { RampingArrivalRateScenario } from 'k6/options';
import { LAB4_NAMES, logIn } from './lib/lab4-mix.ts';
import { measured } from './lib/measure.ts';
import { usersFor } from './lib/rate.ts';
import { duration, rps } from './lib/settings.ts';
import { SPIKE_FACTOR, spikeStages } from './lib/stages.ts';

export { changePrice, readReport, readStock } from './lib/lab4-mix.ts';
export { handleSummary } from './lib/summary.ts';

const base = rps(20);
const peak = base * SPIKE_FACTOR;
const seconds = Number.parseFloat(duration('60s'));

const spike = (exec: string): RampingArrivalRateScenario => ({
  executor: 'ramping-arrival-rate',
  exec,
  startRate: base,
  timeUnit: '1s',
  stages: spikeStages(base, peak, seconds),
  gracefulStop: '30s',
  ...usersFor(peak),
});

export const options = measured({
  scenarios: {
    stock: spike('readStock'),
    price: spike('changePrice'),
    report: spike('readReport'),
  },
  names: LAB4_NAMES,
  // Slow for a moment is allowed, lost is not.
  objectives: {
    'http_req_failed{part:load}': ['rate<=0.001'],
    'http_req_duration{part:load}': ['p(99)<=5000'],
    dropped_iterations: ['count==0'],
  },
});

export const setup = logIn;
