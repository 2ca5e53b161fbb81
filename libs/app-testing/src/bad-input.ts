import { expect, it } from 'vitest';
import type { Client } from './client.ts';
import { refused } from './refusal.ts';

/** What may be asked of a service; the tests below make one part of it bad. */
export interface Operation {
  readonly method: string;
  /** `{id}` stands where the id goes. */
  readonly path: string;
  /** A body that is accepted; left out where none is needed. */
  readonly json?: unknown;
}

/** The client is there when the tests run, not when they are written down. */
type LateClient = () => Client;

/** @param unknown ids that could be, and are not, beside the greatest. */
export function itRefusesIds(
  client: LateClient,
  operations: readonly Operation[],
  unknown: readonly string[],
): void {
  const callAll = (id: string) =>
    Promise.all(
      operations.map(({ method, path, json }) =>
        refused(client(), method, path.replace('{id}', id), { json }),
      ),
    );
  const malformed = ['0', '-1', 'abc', '1e3', '01', '1.0', '%20'];
  const tooGreat = ['9007199254740992', '9223372036854775808'];

  it.each([...malformed, ...tooGreat])('answers 400 to the id %s', async (id) => {
    for (const answer of await callAll(id)) {
      expect(answer).toEqual({
        status: 400,
        code: 'WT-PARAMETER-INVALID',
        pointers: ['/path/id'],
      });
    }
  });

  it('answers 404 to unknown ids, the greatest included', async () => {
    for (const id of [...unknown, String(Number.MAX_SAFE_INTEGER)]) {
      for (const answer of await callAll(id)) {
        expect(answer).toMatchObject({ status: 404, code: 'WT-RESOURCE-NOT-FOUND' });
      }
    }
  });
}

/** What is bad, the body, and the places that the answer has to name. */
export type BadBody = readonly [string, unknown, readonly string[]];

/** @param bodies those of this service; a list and null are bad everywhere. */
export function itRefusesBodies(
  client: LateClient,
  operations: readonly Operation[],
  bodies: readonly BadBody[],
): void {
  const everywhere: readonly BadBody[] = [
    ['a list', [operations[0]?.json], ['/body']],
    ['null', null, ['/body']],
  ];
  it.each([...bodies, ...everywhere])(
    'answers 422 to a body with %s',
    async (_, json, pointers) => {
      for (const { method, path } of operations) {
        const answer = await refused(client(), method, path, { json });
        expect(answer).toMatchObject({ status: 422, code: 'WT-BODY-INVALID' });
        expect(new Set(answer.pointers)).toEqual(new Set(pointers));
      }
    },
  );
}

/** Bodies that are refused before anyone looks at what they say. */
export function itRefusesUnreadableBodies(
  client: LateClient,
  operations: readonly Operation[],
): void {
  const post = ({ method, path }: Operation, type: string, raw: string | Buffer) =>
    refused(client(), method, path, { raw, headers: { 'content-type': type } });

  it('answers 400 to a body that is no JSON', async () => {
    const invalidUtf8 = Buffer.from([0x22, 0xff, 0x22]);
    for (const operation of operations) {
      for (const raw of ['{"name":', 'name=Truck', invalidUtf8]) {
        expect(await post(operation, 'application/json', raw)).toMatchObject({ status: 400 });
      }
      if (operation.json === undefined) continue;
      expect(await post(operation, 'application/json', '')).toMatchObject({ status: 400 });
    }
  });

  it('answers 413 to a body over 100 kB', async () => {
    const long = JSON.stringify({ name: 'x'.repeat(100_001) });
    for (const operation of operations) {
      expect(await post(operation, 'application/json', long)).toMatchObject({ status: 413 });
    }
  });

  it('answers 415 to a body that is not application/json', async () => {
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/xml'];
    for (const operation of operations) {
      for (const type of types) {
        const raw = JSON.stringify(operation.json ?? {});
        expect(await post(operation, type, raw)).toMatchObject({ status: 415 });
      }
    }
  });
}

/**
 * @param path of a list that is read page by page.
 * @param field what its cursors hold, such as `userId`.
 */
export function itRefusesPages(client: LateClient, path: string, field: string): void {
  it.each(['0', '-1', '201', '100000', 'ten', '1e2', '5.5', ''])(
    `answers 400 to ${path} with the limit "%s"`,
    async (limit) => {
      expect(await refused(client(), 'GET', `${path}?limit=${limit}`)).toMatchObject({
        status: 400,
        pointers: ['/query/limit'],
      });
    },
  );

  const encode = (text: string) => Buffer.from(text).toString('base64url');
  const forge = (value: unknown) => encode(JSON.stringify(value));
  const cursors: readonly [string, string][] = [
    ['plain text', 'hello'],
    ['nothing', ''],
    ['another list', forge({ otherId: 5 })],
    ['text for the place', forge({ [field]: '5' })],
    ['a fraction', forge({ [field]: 1.5 })],
    ['a place beyond 2^53', encode(`{"${field}":9223372036854775808}`)],
    ['a further field', forge({ [field]: 5, admin: true })],
    ['SQL', forge({ [field]: '0; DROP TABLE users' })],
    ['a list', forge([5])],
    ['null', forge(null)],
    ['600 characters', 'a'.repeat(600)],
    ['another alphabet', '!!!!'],
  ];
  it.each(cursors)(`answers 400 to ${path} with a forged cursor: %s`, async (_, cursor) => {
    const query = `cursor=${encodeURIComponent(cursor)}`;
    expect(await refused(client(), 'GET', `${path}?${query}`)).toMatchObject({
      status: 400,
      pointers: ['/query/cursor'],
    });
  });

  it(`answers 400 to ${path} with unknown, repeated and unreadable parameters`, async () => {
    expect(await refused(client(), 'GET', `${path}?page=2`)).toMatchObject({
      status: 400,
      pointers: ['/query/page'],
    });
    for (const query of ['limit=1&limit=2', 'cursor=%ff']) {
      expect(await refused(client(), 'GET', `${path}?${query}`)).toMatchObject({ status: 400 });
    }
  });
}

export function itRefusesLongHeaders(client: LateClient, path: string): void {
  it('answers 431 to headers over the limit', async () => {
    const headers = { 'x-padding': 'x'.repeat(20_000) };
    expect(await refused(client(), 'GET', path, { headers })).toMatchObject({ status: 431 });
  });
}
