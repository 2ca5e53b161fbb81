import { describeInBothWorlds } from '@woodytoys/app-testing';
import type { Replica, TestService } from '@woodytoys/app-testing';
import type { Delivery } from '@woodytoys/messaging';
import { uniqueName, waitFor } from '@woodytoys/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import type { UserRegistered } from '../src/events.ts';
import { startUserService } from './start.ts';

type User = components['schemas']['User'];

describeInBothWorlds('events of the accounts', (createWorld) => {
  let service: TestService;
  let replica: Replica;
  const seen: Delivery<UserRegistered>[] = [];

  beforeAll(async () => {
    service = await startUserService(await createWorld(), 0.01);
    replica = await service.replica();
    const name = uniqueName('test');
    await replica.messaging.declare({
      exchanges: [{ name: 'woodytoys.events', type: 'topic' }],
      queues: [
        {
          name,
          bindings: [{ exchange: 'woodytoys.events', routingKey: 'user.registered' }],
          retryDelaysMs: [],
        },
      ],
    });
    const keep = async (delivery: Delivery<UserRegistered>) => void seen.push(delivery);
    await replica.messaging.consume<UserRegistered>(name, keep, { prefetch: 10 });
  });
  afterAll(() => service?.close());

  it('tell of each registration once it is saved, and of none that was refused', async () => {
    const { client, database } = replica;
    const register = (username: string) =>
      client.post<User>('/users', { username, email: `${username}@a.org` });
    const { body: first } = await register('told');
    expect((await register('told')).status).toBe(409);
    const { body: second } = await register('told_too');
    await waitFor(() => seen.length >= 2);
    await waitFor(async () => (await database.query('SELECT id FROM outbox')).length === 0);
    expect(seen.map(({ body }) => body)).toEqual([first, second]);
    expect(seen[0]?.routingKey).toBe('user.registered');
  });
});
