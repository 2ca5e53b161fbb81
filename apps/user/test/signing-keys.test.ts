import { createMemoryWorld } from '@woodytoys/app-testing';
import type { TestService } from '@woodytoys/app-testing';
import type { Database } from '@woodytoys/database';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSigningKeys } from '../src/signing-keys.ts';
import { startUserService } from './start.ts';

describe('the keys that tokens are signed with', () => {
  let service: TestService;
  let database: Database;

  beforeEach(async () => {
    service = await startUserService(createMemoryWorld(), 0.01);
    ({ database } = await service.replica());
  });
  afterEach(() => service?.close());

  /** What a replica that has just started knows. */
  const read = async () => {
    const keys = createSigningKeys(database, Date.now);
    const { keys: published } = await keys.published();
    return { signing: (await keys.current()).id, published: published.map(({ kid }) => kid) };
  };
  const age = (generation: number, interval: string) =>
    database.query(
      'UPDATE signing_keys SET created_at = now() - $2::interval WHERE generation = $1',
      [generation, interval],
    );

  it('are one when replicas make it at the same time', async () => {
    const replicas = await Promise.all(Array.from({ length: 8 }, read));
    expect(new Set(replicas.map(({ signing }) => signing)).size).toBe(1);
  });

  it('change after 30 days: the next one is published first, and signs once it is known', async () => {
    const first = (await read()).signing;
    await age(1, '29 days');
    expect(await read()).toEqual({ signing: first, published: [first] });

    await age(1, '31 days');
    const announced = await read();
    expect(announced.signing).toBe(first);
    expect(announced.published).toHaveLength(2);
    const [second] = announced.published;

    await age(2, '21 minutes');
    expect(await read()).toEqual({ signing: second, published: [second, first] });

    await age(2, '2 days');
    expect(await read()).toEqual({ signing: second, published: [second] });
  });
});
