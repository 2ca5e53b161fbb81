import { describeInBothWorlds } from '@woodytoys/app-testing';
import type { Client, TestService } from '@woodytoys/app-testing';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { startUserService } from './start.ts';

type Problem = components['schemas']['Problem'];
type Token = components['schemas']['Token'];
type User = components['schemas']['User'];

const keySet = async (client: Client) =>
  (await client.get<JSONWebKeySet>('/.well-known/jwks.json')).body;
const logIn = (client: Client, username: string, password: string) =>
  client.post<Token>('/log-in', { username, password });

describeInBothWorlds('log-in', (createWorld) => {
  let service: TestService;
  let client: Client;
  let other: Client;

  beforeAll(async () => {
    service = await startUserService(await createWorld(), 0.01);
    [{ client }, { client: other }] = await Promise.all([service.replica(), service.replica()]);
  });
  afterAll(() => service?.close());

  const verified = async (token: string, by: Client) =>
    jwtVerify(token, createLocalJWKSet(await keySet(by)), {
      issuer: 'woodytoys',
      audience: 'woodytoys',
      algorithms: ['ES256'],
    });

  it('gives Bob of the seed a token that the published keys verify, on every replica', async () => {
    const { status, headers, body } = await logIn(client, 'Bob', 'password');
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(body).toMatchObject({ tokenType: 'Bearer', expiresIn: 900 });
    for (const replica of [client, other]) {
      const { payload } = await verified(body.token, replica);
      expect(payload).toMatchObject({ sub: '101', preferred_username: 'Bob' });
      expect((payload.exp as number) - (payload.iat as number)).toBe(900);
    }
  });

  it('signs with one key in all replicas, and publishes nothing private of it', async () => {
    const tokens = await Promise.all([client, other].map((by) => logIn(by, 'Bob', 'password')));
    const kids = tokens.map(({ body }) => decodeProtectedHeader(body.token).kid);
    expect(new Set(kids).size).toBe(1);
    const { keys } = await keySet(other);
    expect(keys.map(({ kid }) => kid)).toEqual([kids[0]]);
    for (const key of keys) expect(Object.keys(key)).not.toContain('d');
    expect(await keySet(client)).toEqual({ keys });
  });

  it('is for an account that was registered with a password', async () => {
    const password = 'Grüße aus dem Spielzeugladen';
    const account = { username: 'ada', email: 'ada@example.org', password };
    const { status, body } = await client.post<User>('/users', account);
    expect(status).toBe(201);
    expect(JSON.stringify(body)).not.toContain('assword');
    const { body: token } = await logIn(other, 'ada', password.normalize('NFD'));
    expect((await verified(token.token, client)).payload.sub).toBe(String(body.id));
  });

  it('is refused alike for a wrong password, an unknown account and one without a password', async () => {
    for (const [username, password] of [
      ['Bob', 'Password'],
      ['Bob', 'password '],
      ['bob', 'password'],
      ['nobody', 'password'],
      ['user_1', 'password'],
    ] as const) {
      const { status, body } = await client.post<Problem>('/log-in', { username, password });
      expect(status).toBe(401);
      expect(body).toMatchObject({
        type: 'urn:woodytoys:problem:WT-UNAUTHENTICATED',
        detail: 'The username or the password is not right.',
      });
    }
  });

  it('keeps a password as a salted hash by argon2id, never as it is', async () => {
    const password = 'the same for both';
    for (const username of ['grace', 'linus']) {
      await client.post('/users', { username, email: `${username}@example.org`, password });
    }
    const { database } = await service.replica();
    const rows = await database.query<{ hash: string }>(
      "SELECT password_hash AS hash FROM credentials JOIN users ON id = user_id WHERE username IN ('grace', 'linus')",
    );
    expect(rows).toHaveLength(2);
    expect(new Set(rows.map(({ hash }) => hash)).size).toBe(2);
    for (const { hash } of rows) {
      expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      expect(hash).not.toContain(password);
    }
  });

  it('refuses a password that is too short or too long with 422', async () => {
    for (const password of ['seven77', 'x'.repeat(129)]) {
      const account = { username: 'short', email: 'short@example.org', password };
      const { status, body } = await client.post<Problem>('/users', account);
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ pointer: '/body/password' }]);
    }
  });
});
