import { describeInBothWorlds } from '@woodytoys/app-testing';
import type { Client, TestService } from '@woodytoys/app-testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { startUserService } from './start.ts';

type Problem = components['schemas']['Problem'];
type User = components['schemas']['User'];

describeInBothWorlds('accounts', (createWorld) => {
  let service: TestService;
  let client: Client;

  beforeAll(async () => {
    service = await startUserService(await createWorld(), 0.01);
    ({ client } = await service.replica());
  });
  afterAll(() => service?.close());

  const pointersOf = (body: unknown) =>
    ((body as Problem).errors ?? []).map(({ pointer }) => pointer);

  it('have the seed: user 1 is user_1 at user_1@example.com', async () => {
    const { status, body } = await client.get<User>('/users/1');
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: 1, username: 'user_1', email: 'user_1@example.com' });
  });

  it('are registered, say where they are, and are answered afterwards', async () => {
    const wanted = { username: 'Ada.Lovelace-1', email: 'Ada@Example.org' };
    const { status, headers, body } = await client.post<User>('/users', wanted);
    expect(status).toBe(201);
    expect(body).toMatchObject(wanted);
    expect(headers['location']).toBe(`/api/users/${body.id}`);
    expect((await client.get(`/users/${body.id}`)).body).toEqual(body);
  });

  it('are found though their id was asked for before they were registered', async () => {
    const first = await client.post<User>('/users', { username: 'early', email: 'early@a.org' });
    const next = first.body.id + 1;
    expect((await client.get(`/users/${next}`)).status).toBe(404);
    const second = await client.post<User>('/users', { username: 'late', email: 'late@a.org' });
    expect(second.body.id).toBe(next);
    expect((await client.get(`/users/${next}`)).body).toEqual(second.body);
  });

  it('are refused with 409 and what is taken: username, email address or both', async () => {
    const taken = { username: 'grace', email: 'grace@example.org' };
    expect((await client.post('/users', taken)).status).toBe(201);
    const again = async (username: string, email: string) => {
      const { status, body } = await client.post<Problem>('/users', { username, email });
      return { status, type: body.type, pointers: pointersOf(body) };
    };
    const conflict = { status: 409, type: 'urn:woodytoys:problem:WT-CONFLICT' };
    expect(await again('grace', 'other@example.org')).toEqual({
      ...conflict,
      pointers: ['/body/username'],
    });
    expect(await again('other', 'GRACE@Example.ORG')).toEqual({
      ...conflict,
      pointers: ['/body/email'],
    });
    expect(await again('grace', 'grace@example.org')).toEqual({
      ...conflict,
      pointers: ['/body/username', '/body/email'],
    });
    expect(await again('grace', 'user_1@example.com')).toEqual({
      ...conflict,
      pointers: ['/body/username', '/body/email'],
    });
  });
});
