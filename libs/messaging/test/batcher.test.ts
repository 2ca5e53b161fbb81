import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBatcher } from '../src/index.ts';

describe('a batcher', () => {
  it('applies every item once, in the order they came, never more than the most together', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 30 }),
        async (max, pauses) => {
          const batches: number[][] = [];
          let applying = 0;
          const add = createBatcher<number>(
            async (items) => {
              applying += 1;
              expect(applying).toBe(1);
              await sleep(1);
              batches.push([...items]);
              applying -= 1;
            },
            { max, lingerMs: 1 },
          );
          const added: Promise<void>[] = [];
          for (const [index, pause] of pauses.entries()) {
            added.push(add(index));
            if (pause > 1) await sleep(pause - 1);
          }
          await Promise.all(added);
          expect(batches.flat()).toEqual(pauses.map((_, index) => index));
          expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(max);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('waits for others no longer than it lingers, and applies what came at once together', async () => {
    const batches: string[][] = [];
    const add = createBatcher<string>(async (items) => void batches.push([...items]), {
      lingerMs: 5,
    });
    await Promise.all([add('a'), add('b'), add('c')]);
    await add('d');
    expect(batches).toEqual([['a', 'b', 'c'], ['d']]);
  });

  it('resolves no item before it was applied', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const add = createBatcher<string>(() => promise, { lingerMs: 0 });
    let done = false;
    const added = add('a').then(() => (done = true));
    await sleep(20);
    expect(done).toBe(false);
    resolve();
    await added;
  });

  it('lets an item that cannot be applied fail alone', async () => {
    const applied: number[] = [];
    const add = createBatcher<number>(async (items) => {
      if (items.includes(3)) throw new Error('three is no number');
      applied.push(...items);
    });
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map(add));
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(results[2]).toMatchObject({ reason: { message: 'three is no number' } });
    expect(applied).toEqual([1, 2, 4, 5]);
  });

  it('fails as a whole when that is asked for', async () => {
    let calls = 0;
    const add = createBatcher<number>(
      async () => {
        calls += 1;
        throw new Error('the database is away');
      },
      { retryEach: false },
    );
    const results = await Promise.allSettled([1, 2, 3].map(add));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(calls).toBe(1);
  });

  it('rests after a batch by how long it took, which keeps none of its items waiting', async () => {
    const batches: string[][] = [];
    const took: number[] = [];
    const add = createBatcher<string>(
      async (items) => {
        await sleep(10);
        batches.push([...items]);
      },
      {
        lingerMs: 0,
        restMs(tookMs) {
          took.push(tookMs);
          return took.length === 1 ? 50 : 0;
        },
      },
    );
    await add('a');
    // Without the rest the first of them would go alone, since nothing lingers.
    await Promise.all([add('b'), add('c')]);
    await add('d');
    expect(batches).toEqual([['a'], ['b', 'c'], ['d']]);
    expect(took[0]).toBeGreaterThan(5);
  });

  it('waits for the batch before alone when it does not linger', async () => {
    const batches: number[][] = [];
    const add = createBatcher<number>(
      async (items) => {
        batches.push([...items]);
        await sleep(5);
      },
      { lingerMs: 0 },
    );
    await Promise.all([1, 2, 3, 4].map(add));
    expect(batches).toEqual([[1], [2, 3, 4]]);
  });

  it('takes failures one after the other for an outage, and goes on with what comes after it', async () => {
    let calls = 0;
    let down = true;
    const add = createBatcher<number>(async () => {
      calls += 1;
      if (down) throw new Error('the database is away');
    });
    const results = await Promise.allSettled(Array.from({ length: 50 }, (_, index) => add(index)));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    // The batch, and three of its items.
    expect(calls).toBe(4);
    down = false;
    await add(51);
    expect(calls).toBe(5);
  });

  it('gives each caller the result of its own item, whether applied together or alone', async () => {
    const add = createBatcher<number, string>(
      async (items) => {
        await sleep(1);
        if (items.length > 1 && items.includes(5)) throw new Error('not five with others');
        return items.map((item) => `${item} of ${items.length}`);
      },
      { max: 3, lingerMs: 0 },
    );
    expect(await Promise.all([1, 2, 3, 4, 5, 6].map(add))).toEqual([
      '1 of 1',
      ...['2 of 3', '3 of 3', '4 of 3'],
      ...['5 of 1', '6 of 1'],
    ]);
  });

  it('applies one by one only after the failures that it is told of', async () => {
    const batches: number[][] = [];
    const add = createBatcher<number>(
      async (items) => {
        batches.push([...items]);
        await sleep(1);
        if (items.length > 1) throw new Error(items.includes(2) ? 'refused' : 'lost');
      },
      { max: 2, lingerMs: 0, retryEach: (error) => (error as Error).message === 'refused' },
    );
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map(add));
    expect(results.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'fulfilled', 'fulfilled'],
      ...['rejected', 'rejected'],
    ]);
    expect(batches).toEqual([[1], [2, 3], [2], [3], [4, 5]]);
  });

  it('lets nobody wait for another failure who has waited long for one', async () => {
    let calls = 0;
    const { promise, reject } = Promise.withResolvers<void>();
    const add = createBatcher<number>(
      () => {
        calls += 1;
        return calls === 1 ? promise : Promise.resolve();
      },
      { max: 2, lingerMs: 0, retryEach: false },
    );
    const added = Promise.allSettled([1, 2, 3, 4, 5].map(add));
    await sleep(1_100);
    reject(new Error('no answer'));
    expect((await added).map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    await add(6);
    expect(calls).toBe(2);
  });

  it('goes on at once after a failure that came soon', async () => {
    let calls = 0;
    const add = createBatcher<number>(
      async () => {
        calls += 1;
        if (calls === 1) throw new Error('the connection was lost');
      },
      { lingerMs: 0, retryEach: false },
    );
    const results = await Promise.allSettled([1, 2, 3].map(add));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });

  it('applies a batch for the first of its callers, and what is applied alone for its own', async () => {
    const caller = new AsyncLocalStorage<number>();
    const seen: [readonly number[], number | undefined][] = [];
    const add = createBatcher<number>(
      async (items) => {
        seen.push([items, caller.getStore()]);
        await sleep(1);
        if (items.length > 1) throw new Error('one by one');
      },
      { lingerMs: 0 },
    );
    await Promise.all([1, 2, 3].map((item) => caller.run(item, () => add(item))));
    expect(seen).toEqual([
      [[1], 1],
      [[2, 3], 2],
      [[2], 2],
      [[3], 3],
    ]);
  });
});
