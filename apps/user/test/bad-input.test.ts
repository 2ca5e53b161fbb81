import {
  createMemoryWorld,
  itRefusesBodies,
  itRefusesIds,
  itRefusesLongHeaders,
  itRefusesPages,
  itRefusesUnreadableBodies,
  refused,
} from '@woodytoys/app-testing';
import type { BadBody, Client, TestService } from '@woodytoys/app-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUserService } from './start.ts';

describe('bad input to the accounts', () => {
  let service: TestService;
  let client: Client;

  beforeAll(async () => {
    service = await startUserService(createMemoryWorld(), 0.01);
    ({ client } = await service.replica());
  });
  afterAll(() => service?.close());

  const valid = { username: 'mallory', email: 'mallory@example.org' };
  const reading = { method: 'GET', path: '/users/{id}' };
  itRefusesIds(() => client, [reading], ['102']);

  const bodies: readonly BadBody[] = [
    ['no fields', {}, ['/body/username', '/body/email']],
    ['an unknown field', { ...valid, nickname: 'x' }, ['/body/nickname']],
    ['a short password', { ...valid, password: 'x' }, ['/body/password']],
    ['a field that only the service sets', { ...valid, id: 7 }, ['/body/id']],
    ['a username as a number', { ...valid, username: 12345 }, ['/body/username']],
    ['a null email', { ...valid, email: null }, ['/body/email']],
    ['a short username', { ...valid, username: 'ab' }, ['/body/username']],
    ['a username of 51 characters', { ...valid, username: 'x'.repeat(51) }, ['/body/username']],
    ['a space in the username', { ...valid, username: 'a b c' }, ['/body/username']],
    ['a line break after the username', { ...valid, username: 'abc\n' }, ['/body/username']],
    ['an email without a domain', { ...valid, email: 'mallory' }, ['/body/email']],
    ['an email of two lines', { ...valid, email: 'm@a.org\nx' }, ['/body/email']],
    ['a long email', { ...valid, email: `${'x'.repeat(250)}@a.org` }, ['/body/email']],
  ];
  const creation = { method: 'POST', path: '/users', json: valid };
  itRefusesBodies(() => client, [creation], bodies);
  const logIn = {
    method: 'POST',
    path: '/log-in',
    json: { username: 'Bob', password: 'password' },
  };
  itRefusesBodies(
    () => client,
    [logIn],
    [
      ['no fields', {}, ['/body/username', '/body/password']],
      ['a number for a password', { username: 'Bob', password: 1 }, ['/body/password']],
      ['a long password', { username: 'Bob', password: 'x'.repeat(129) }, ['/body/password']],
    ],
  );
  itRefusesUnreadableBodies(() => client, [creation, logIn]);
  itRefusesPages(() => client, '/users', 'userId');
  itRefusesLongHeaders(() => client, '/users/1');

  it('answers 404 to an unknown path and 405 with Allow to an unsupported method', async () => {
    expect(await refused(client, 'GET', '/toys')).toMatchObject({ status: 404 });
    expect(await refused(client, 'GET', '/users/1/email')).toMatchObject({ status: 404 });
    const { status, headers } = await client.call('PUT', '/users/1', { json: valid });
    expect(status).toBe(405);
    expect(headers['allow']).toContain('GET');
  });

  it('has harmed nothing', async () => {
    expect((await client.get('/users/1')).body).toMatchObject({ username: 'user_1' });
    expect((await client.get<{ items: unknown[] }>('/users?limit=200')).body.items).toHaveLength(
      101,
    );
  });
});
