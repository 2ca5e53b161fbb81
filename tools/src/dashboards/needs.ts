/**
 * Why a query may have no data after traffic, with what gives it some. The test of all expressions
 * fails on an empty one that names none of these, and on one of these that no query names.
 */
export const NEEDS = {
  loadTool: 'k6, which sends its metrics to Prometheus while `npm run load` runs',
  firingAlert: 'an alert that fires',
  redisAway: 'Redis away',
  deadReplica: 'a replica that goes away without a word',
  ejection: 'a replica that fails what it is asked',
  drift: 'a service whose answers are not as its contract says',
  overload: 'an upstream with as many requests in flight as it may have',
  breaker: 'an upstream with `breaker` in gateway.yaml',
  mirror: 'an upstream with `mirror` in gateway.yaml',
  bulkhead: 'a route with the filter `concurrency` in gateway.yaml',
  deadline: 'a route with the filter `deadline` in gateway.yaml',
} as const;

export type Need = keyof typeof NEEDS;
