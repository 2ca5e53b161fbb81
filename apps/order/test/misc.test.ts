import { describeInBothWorlds } from '@woodytoys/app-testing';
import type { Client } from '@woodytoys/app-testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { startOrderService } from './start.ts';
import type { OrderService } from './start.ts';

type Heavy = components['schemas']['Heavy'];

const HEAVY_MS = 400;

describeInBothWorlds('misc', (createWorld) => {
  let service: OrderService;
  let client: Client;
  let other: Client;

  beforeAll(async () => {
    service = await startOrderService(await createWorld(), { heavyMs: HEAVY_MS });
    [{ client }, { client: other }] = await Promise.all([service.replica(), service.replica()]);
  });
  afterAll(() => service?.close());

  it('tells the time anew each time', async () => {
    const times = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const { body } = await client.get<{ time: string }>('/misc/time');
      times.push(Date.parse(body.time));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(times[1]).toBeGreaterThan(times[0] as number);
  });

  it('computes what is heavy once for all who ask for a name, and keeps it', async () => {
    const heavy = async (by: Client, name: string) =>
      (await by.get<Heavy>(`/misc/heavy?name=${name}`)).body;
    const began = performance.now();
    const answers = await Promise.all([client, client, client].map((by) => heavy(by, 'a')));
    expect(performance.now() - began).toBeGreaterThanOrEqual(HEAVY_MS - 5);
    expect(answers[0]?.name).toBe('a');
    expect(new Set(answers.map(({ time }) => time)).size).toBe(1);
    expect(await heavy(client, 'a')).toEqual(answers[0]);
    const later = await heavy(client, 'b');
    expect(Date.parse(later.time)).toBeGreaterThan(Date.parse(answers[0]?.time as string));
    expect((await heavy(other, 'b')).name).toBe('b');
  });
});
