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
});
