import type { CallOptions, Client } from '@woodytoys/app-testing';
import { createMemoryWorld } from '@woodytoys/app-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUserService } from './start.ts';
import type { UserService } from './start.ts';

interface Problem {
  readonly type: string;
  readonly errors?: readonly { readonly pointer: string }[];
}

describe('bad input to the accounts', () => {
  let service: UserService;
  let client: Client;

  beforeAll(async () => {
    service = await startUserService(createMemoryWorld(), 0.01);
    ({ client } = await service.replica());
  });
  afterAll(() => service?.close());

  const valid = { username: 'mallory', email: 'mallory@example.org' };

  async function refused(
    method: string,
    path: string,
    options: CallOptions,
  ): Promise<{ status: number; code: string; pointers: readonly string[] }> {
    const { status, headers, body } = await client.call<Problem>(method, path, options);
    expect(headers['content-type']).toBe('application/problem+json');
    return {
      status,
      code: body.type.replace('urn:woodytoys:problem:', ''),
      pointers: (body.errors ?? []).map(({ pointer }) => pointer),
    };
  }

  const ids = ['0', '-1', 'abc', '1e3', '01', '1.0', '9007199254740992', '9223372036854775808'];
  it.each(ids)('answers 400 to the id %s', async (id) => {
    expect(await refused('GET', `/users/${id}`, {})).toEqual({
      status: 400,
      code: 'WT-PARAMETER-INVALID',
      pointers: ['/path/id'],
    });
  });

  it('answers 404 to unknown ids, the greatest included', async () => {
    for (const id of ['101', '9007199254740991']) {
      expect(await refused('GET', `/users/${id}`, {})).toMatchObject({
        status: 404,
        code: 'WT-RESOURCE-NOT-FOUND',
      });
    }
  });

  const bodies: readonly [string, unknown, readonly string[]][] = [
    ['no fields', {}, ['/body/username', '/body/email']],
    ['an unknown field', { ...valid, password: 'x' }, ['/body/password']],
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
    ['a list', [valid], ['/body']],
    ['null', null, ['/body']],
  ];
  it.each(bodies)('answers 422 to a body with %s', async (_, json, pointers) => {
    const answer = await refused('POST', '/users', { json });
    expect(answer).toMatchObject({ status: 422, code: 'WT-BODY-INVALID' });
    expect(new Set(answer.pointers)).toEqual(new Set(pointers));
  });

  it('answers 400 to a body that is no JSON', async () => {
    for (const raw of ['{"username":', '', 'username=mallory', Buffer.from([0x22, 0xff, 0x22])]) {
      const headers = { 'content-type': 'application/json' };
      expect(await refused('POST', '/users', { raw, headers })).toMatchObject({ status: 400 });
    }
  });

  it('answers 413 to a body over 100 kB', async () => {
    const json = { ...valid, email: 'x'.repeat(100_001) };
    expect(await refused('POST', '/users', { json })).toMatchObject({ status: 413 });
  });

  it('answers 415 to a body that is not application/json', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      const raw = JSON.stringify(valid);
      const headers = { 'content-type': type };
      expect(await refused('POST', '/users', { raw, headers })).toMatchObject({ status: 415 });
    }
  });

  it.each(['0', '-1', '201', '100000', 'ten', '1e2', '5.5', ''])(
    'answers 400 to the limit "%s"',
    async (limit) => {
      expect(await refused('GET', `/users?limit=${limit}`, {})).toMatchObject({
        status: 400,
        pointers: ['/query/limit'],
      });
    },
  );

  const forge = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const cursors: readonly [string, string][] = [
    ['plain text', 'hello'],
    ['nothing', ''],
    ['another list', forge({ productId: 5 })],
    ['text for the id', forge({ userId: '5' })],
    ['a fraction', forge({ userId: 1.5 })],
    ['an id beyond 2^53', '{"userId":9223372036854775808}'],
    ['a further field', forge({ userId: 5, admin: true })],
    ['SQL', forge({ userId: '0; DROP TABLE users' })],
    ['a list', forge([5])],
    ['null', forge(null)],
    ['600 characters', 'a'.repeat(600)],
    ['another alphabet', '!!!!'],
  ];
  it.each(cursors)('answers 400 to a forged cursor: %s', async (_, cursor) => {
    const path = `/users?cursor=${encodeURIComponent(cursor)}`;
    expect(await refused('GET', path, {})).toMatchObject({
      status: 400,
      pointers: ['/query/cursor'],
    });
  });

  it('answers 400 to unknown, repeated and unreadable query parameters', async () => {
    for (const query of ['page=2', 'limit=1&limit=2', 'cursor=%ff']) {
      expect(await refused('GET', `/users?${query}`, {})).toMatchObject({ status: 400 });
    }
  });

  it('answers 404 to an unknown path and 405 with Allow to an unsupported method', async () => {
    expect(await refused('GET', '/toys', {})).toMatchObject({ status: 404 });
    expect(await refused('GET', '/users/1/email', {})).toMatchObject({ status: 404 });
    const { status, headers } = await client.call('PUT', '/users/1', { json: valid });
    expect(status).toBe(405);
    expect(headers['allow']).toContain('GET');
  });

  it('answers 431 to headers over the limit', async () => {
    const headers = { 'x-padding': 'x'.repeat(20_000) };
    expect(await refused('GET', '/users/1', { headers })).toMatchObject({ status: 431 });
  });

  it('has harmed nothing', async () => {
    expect((await client.get('/users/1')).body).toMatchObject({ username: 'user_1' });
    expect((await client.get<{ items: unknown[] }>('/users?limit=200')).body.items).toHaveLength(
      100,
    );
  });
});
