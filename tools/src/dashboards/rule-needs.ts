/**
 * Rules and alerts that have no data after traffic, each with what gives them some; a test fails on
 * a name that no rule has any more.
 */
export const RULE_NEEDS: Readonly<Record<string, string>> = {
  CircuitOpen: 'an upstream with `breaker` in gateway.yaml',
};
