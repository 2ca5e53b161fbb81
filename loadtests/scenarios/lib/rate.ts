import type { ConstantArrivalRateScenario } from 'k6/options';

/**
 * Users are there for answers of a second. For slower ones k6 makes more, but an iteration is lost for
 * each that it makes.
 */
const EXPECTED_SECONDS = 1;
/** Answers that take longer than this at the full rate leave k6 without users, and it says so. */
const LONGEST_SECONDS = 5;
/** As many users as a machine bears; each takes about half a megabyte. */
const MOST_USERS = 1_000;
/** Enough that each client address of a run has some. */
const FEWEST_USERS = 50;

/** Users before the start and at most, for a rate a second. */
export function usersFor(
  rate: number,
  expectedSeconds = EXPECTED_SECONDS,
): { preAllocatedVUs: number; maxVUs: number } {
  const wanted = Math.ceil(rate * Math.max(expectedSeconds, EXPECTED_SECONDS));
  const preAllocatedVUs = Math.min(MOST_USERS, Math.max(FEWEST_USERS, wanted));
  const most = Math.min(MOST_USERS, Math.ceil(rate * Math.max(expectedSeconds, LONGEST_SECONDS)));
  return { preAllocatedVUs, maxVUs: Math.max(preAllocatedVUs, most) };
}

/** `exec`, a function that the script exports, is called so many times a second whatever it takes. */
export function atRate(
  exec: string,
  rate: number,
  duration: string,
  expectedSeconds?: number,
): ConstantArrivalRateScenario {
  return {
    executor: 'constant-arrival-rate',
    exec,
    rate,
    timeUnit: '1s',
    duration,
    gracefulStop: '30s',
    ...usersFor(rate, expectedSeconds),
  };
}
