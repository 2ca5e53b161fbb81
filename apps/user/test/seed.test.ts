import { createMemoryWorld } from '@woodytoys/app-testing';
import type { TestService } from '@woodytoys/app-testing';
import { prepareDatabase } from '@woodytoys/database';
import { createTestLogger } from '@woodytoys/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { userMigrations } from '../src/app.ts';
import { seedUsers } from '../src/seed.ts';
import { startUserService } from './start.ts';

describe('the seed of the accounts', () => {
  const services: TestService[] = [];
  const start = async (scale: number) => {
    const service = await startUserService(createMemoryWorld(), scale);
    services.push(service);
    return service;
  };
  afterAll(async () => {
    for (const service of services) await service.close();
  });

  it('is the same each time, and not loaded twice', async () => {
    const digests: unknown[] = [];
    for (const service of [await start(1), await start(1)]) {
      const { database } = await service.replica();
      await prepareDatabase({
        directUrl: service.databaseUrl,
        migrationsDirectory: userMigrations,
        log: createTestLogger(),
        seed: { scale: 1, load: seedUsers },
      });
      digests.push(
        await database.query(
          "SELECT count(*) AS rows, md5(string_agg(u::text, '|' ORDER BY id)) AS digest FROM users u",
        ),
      );
    }
    expect(digests[0]).toMatchObject([{ rows: 10_001 }]);
    expect(digests[1]).toEqual(digests[0]);
  });

  it('grows with its scale, and the next id comes after it', async () => {
    const { client } = await (await start(1.5)).replica();
    expect((await client.get('/users/15000')).body).toMatchObject({
      username: 'user_15000',
      email: 'user_15000@example.com',
    });
    const { body } = await client.post('/users', { username: 'next', email: 'next@a.org' });
    expect(body).toMatchObject({ id: 15_002 });
  });
});
