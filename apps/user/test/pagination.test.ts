import { createMemoryWorld } from '@woodytoys/app-testing';
import type { Client, TestService } from '@woodytoys/app-testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { startUserService } from './start.ts';

type UserPage = components['schemas']['UserPage'];

describe('pages of users', () => {
  let service: TestService;
  let client: Client;

  beforeAll(async () => {
    service = await startUserService(createMemoryWorld(), 0.03);
    ({ client } = await service.replica());
  });
  afterAll(() => service?.close());

  // 300 and Bob
  const everyone = Array.from({ length: 301 }, (_, index) => index + 1);

  async function walk(limits: readonly number[]): Promise<number[]> {
    const ids: number[] = [];
    let cursor: string | null = '';
    for (let turn = 0; cursor !== null; turn += 1) {
      const limit = limits[turn % limits.length] ?? 50;
      const place: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { status, body } = await client.get<UserPage>(`/users?limit=${limit}${place}`);
      expect(status).toBe(200);
      // A page is short only at the end of the list.
      expect(body.items).toHaveLength(body.nextCursor === null ? body.items.length : limit);
      ids.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor;
    }
    return ids;
  }

  it('give every user exactly once, in the order of ids, whatever their lengths', async () => {
    const limits = fc.array(fc.integer({ min: 3, max: 200 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(limits, async (lengths) => {
        expect(await walk(lengths)).toEqual(everyone);
      }),
      { numRuns: 20 },
    );
  });

  it('show a user who registers during the walk on its last page', async () => {
    const first = await client.get<UserPage>('/users?limit=200');
    await client.post('/users', { username: 'newcomer', email: 'newcomer@a.org' });
    const second = await client.get<UserPage>(`/users?limit=200&cursor=${first.body.nextCursor}`);
    expect(second.body.items.at(-1)?.username).toBe('newcomer');
    expect(second.body.nextCursor).toBeNull();
  });

  it('have 50 items unless told', async () => {
    expect((await client.get<UserPage>('/users')).body.items).toHaveLength(50);
  });
});
