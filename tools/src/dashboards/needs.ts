/**
 * Why a query may have no data after traffic, with what gives it some. The test of all expressions
 * fails on an empty one that names none of these, and on one of these that no query names.
 */
export const NEEDS = {
  loadTool: 'k6, which sends its metrics to Prometheus while `npm run load` runs',
  firingAlert: 'an alert that fires',
  redisAway: 'Redis away',
  drift: 'a service whose answers are not as its contract says',
  breaker: 'an upstream with `breaker` in gateway.yaml',
  mirror: 'an upstream with `mirror` in gateway.yaml',
  bulkhead: 'a route with the filter `concurrency` in gateway.yaml',
  deadline: 'a route with the filter `deadline` in gateway.yaml',
} as const;

export type Need = keyof typeof NEEDS;
