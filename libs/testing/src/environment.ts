/** What `global-setup.ts` hands to the tests; the first three may also be given by the developer. */
export const variables = {
  postgresUrl: 'WT_TEST_POSTGRES_URL',
  redisUrl: 'WT_TEST_REDIS_URL',
  amqpUrl: 'WT_TEST_AMQP_URL',
  redisMissing: 'WT_TEST_REDIS_MISSING',
  amqpMissing: 'WT_TEST_AMQP_MISSING',
  rabbitManagementUrl: 'WT_TEST_RABBIT_MANAGEMENT_URL',
} as const;

/** @throws when the variable is not set, with what to do. */
export function given(variable: keyof typeof variables): string {
  const value = process.env[variables[variable]];
  if (value) return value;
  throw new Error(
    `${variables[variable]} is not set. Run the tests through the project's vitest configuration, ` +
      'whose global setup starts the servers, or set it yourself.',
  );
}

/** The variable's value, or `undefined`. */
export function find(variable: keyof typeof variables): string | undefined {
  return process.env[variables[variable]] || undefined;
}
