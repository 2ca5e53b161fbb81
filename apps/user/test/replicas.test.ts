import { describeInBothWorlds } from '@woodytoys/app-testing';
import type { Replica, TestService } from '@woodytoys/app-testing';
import { waitFor } from '@woodytoys/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { startUserService } from './start.ts';

type User = components['schemas']['User'];
type UserPage = components['schemas']['UserPage'];

describeInBothWorlds('two replicas of the accounts', (createWorld) => {
  let service: TestService;
  let replicas: readonly [Replica, Replica];

  beforeAll(async () => {
    service = await startUserService(await createWorld(), 0.01);
    replicas = [await service.replica(), await service.replica()];
  });
  afterAll(() => service?.close());

  const clientOf = (turn: number) => replicas[turn % 2 === 0 ? 0 : 1].client;

  it('register one account of many that want the same name at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, turn) =>
        clientOf(turn).post('/users', { username: 'wanted', email: `wanted_${turn}@a.org` }),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(29);
  });

  it('register one account of many that want the same email address in any spelling', async () => {
    const spellings = ['same@a.org', 'SAME@a.org', 'Same@A.org', 'sAmE@a.ORG'];
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, turn) =>
        clientOf(turn).post('/users', {
          username: `same_${turn}`,
          email: spellings[turn % spellings.length],
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(23);
    const { body } = await clientOf(0).get<UserPage>('/users?limit=200');
    const same = body.items.filter(({ email }) => email.toLowerCase() === 'same@a.org');
    expect(same).toHaveLength(1);
  });

  it('forget that there was no account when the other registers it', async () => {
    const { body } = await clientOf(0).post<User>('/users', {
      username: 'first',
      email: 'first@a.org',
    });
    const path = `/users/${body.id + 1}`;
    expect((await clientOf(1).get(path)).status).toBe(404);
    await clientOf(0).post('/users', { username: 'second', email: 'second@a.org' });
    await waitFor(async () => (await clientOf(1).get(path)).status === 200);
  });
});
