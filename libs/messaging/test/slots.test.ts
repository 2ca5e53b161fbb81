import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Slots } from '../src/rabbit/slots.ts';

test('never more are inside than there are slots, and they enter in the order they came', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat({ max: 3 }), { maxLength: 15 }),
      async (limit, turns) => {
        const slots = new Slots(limit);
        const entered: number[] = [];
        let inside = 0;
        await Promise.all(
          turns.map(async (stay, index) => {
            const leave = await slots.take(5_000);
            entered.push(index);
            inside += 1;
            expect(inside).toBeLessThanOrEqual(limit);
            for (let left = stay; left > 0; left -= 1) await turn();
            inside -= 1;
            leave();
          }),
        );
        expect(entered).toEqual(turns.map((_, index) => index));
        await slots.idle();
      },
    ),
  );
});

test('who waits too long is turned away, and takes no slot', async () => {
  const slots = new Slots(1);
  const leave = await slots.take(10);

  await expect(slots.take(10)).rejects.toMatchObject({ code: 'overloaded', retryable: true });

  let idle = false;
  const waiting = slots.idle().then(() => (idle = true));
  await turn();
  expect(idle).toBe(false);
  leave();
  await waiting;
  await slots.take(10);
});
