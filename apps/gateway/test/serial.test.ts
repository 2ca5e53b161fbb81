import { expect, it } from 'vitest';
import { createSerial } from '../src/routing/serial.ts';

it('runs one at a time, and once more for all who asked meanwhile', async () => {
  const ends: (() => void)[] = [];
  let running = 0;
  const serial = createSerial(async () => {
    running += 1;
    expect(running).toBe(1);
    await new Promise<void>((resolve) => ends.push(resolve));
    running -= 1;
    if (ends.length === 1) throw new Error('the first');
  });
  const first = serial.run();
  const later = [serial.run(), serial.run()];
  const idle = serial.idle();
  // Asked at the very moment at which the first has ended.
  const last = first.catch(() => serial.run());
  await expect.poll(() => ends.length).toBe(1);
  ends[0]?.();
  await expect(first).rejects.toThrow('the first');
  await expect.poll(() => ends.length).toBe(2);
  ends[1]?.();
  await Promise.all([...later, last, idle]);
  expect(ends.length).toBe(2);
  expect(running).toBe(0);
});
