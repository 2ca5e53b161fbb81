import { createMemoryWorld } from '@woodytoys/app-testing';
import type { Client, TestService } from '@woodytoys/app-testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { startProductService } from './start.ts';

type ProductPage = components['schemas']['ProductPage'];

describe('pages of products', () => {
  let service: TestService;
  let client: Client;

  beforeAll(async () => {
    service = await startProductService(createMemoryWorld(), 0.3);
    ({ client } = await service.replica());
    for (const id of [1, 57, 58, 300]) await client.delete(`/products/${id}`);
  });
  afterAll(() => service?.close());

  async function walk(limits: readonly number[], filter: string): Promise<number[]> {
    const ids: number[] = [];
    let cursor: string | null = '';
    for (let turn = 0; cursor !== null; turn += 1) {
      const limit = limits[turn % limits.length] ?? 50;
      const place: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { status, body } = await client.get<ProductPage>(
        `/products?limit=${limit}${place}${filter}`,
      );
      expect(status).toBe(200);
      // A page is short only at the end of the list.
      expect(body.items).toHaveLength(body.nextCursor === null ? body.items.length : limit);
      ids.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor;
    }
    return ids;
  }

  const kept = Array.from({ length: 300 }, (_, index) => index + 1).filter(
    (id) => ![1, 57, 58, 300].includes(id),
  );

  it('give every product exactly once, in the order of ids, whatever their lengths', async () => {
    const limits = fc.array(fc.integer({ min: 3, max: 200 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(limits, async (lengths) => {
        expect(await walk(lengths, '')).toEqual(kept);
      }),
      { numRuns: 20 },
    );
  });

  it('give every product of a category exactly once', async () => {
    const ofCategory = kept.filter((id) => id % 8 === 2);
    for (const limit of [1, 7, 36, 37, 38]) {
      expect(await walk([limit], '&category=vehicles')).toEqual(ofCategory);
    }
  });

  it('have 50 items unless told, and no cursor when the last item is on them', async () => {
    const { body } = await client.get<ProductPage>('/products');
    expect(body.items).toHaveLength(50);
    const before = await walk([148], '');
    expect(before).toHaveLength(2 * 148);
    const first = await client.get<ProductPage>('/products?limit=148');
    const second = await client.get<ProductPage>(
      `/products?limit=148&cursor=${first.body.nextCursor}`,
    );
    expect(second.body.nextCursor).toBeNull();
  });
});
