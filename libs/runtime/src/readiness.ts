import type { AppDependencies } from './dependencies.ts';

/**
 * What `/readyz` asks. The cache is never asked: reads go on without it. The broker is asked by
 * workers only: a serving process saves what it has to say in its outbox, so a broker that is away
 * must not take every replica out of service at once.
 *
 * @throws what the first dependency that cannot be reached says.
 */
export async function checkReady(
  { database, messaging }: Pick<AppDependencies, 'database' | 'messaging'>,
  worker: boolean,
): Promise<void> {
  await Promise.all([database.ping(), worker ? messaging.ping() : undefined]);
}
