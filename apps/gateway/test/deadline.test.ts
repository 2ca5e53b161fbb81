import { describe, expect, it } from 'vitest';
import { sendJson, startBackend } from './support/backend.ts';
import type { SeenRequest } from './support/backend.ts';
import { oneUpstream, problemOf, startGateway } from './support/gateway.ts';

async function budgeted(
  deadline: Record<string, unknown>,
  { before = [] as readonly unknown[], answerMs = 0 } = {},
) {
  const backend = await startBackend((request, response) => {
    setTimeout(() => sendJson(response, 200, request), answerMs);
  });
  const incoming = JSON.stringify([...before, { deadline }]);
  const gateway = await startGateway(oneUpstream(backend.url, { route: `incoming: ${incoming}` }));
  const ask = (headers: Record<string, string> = {}) => fetch(`${gateway.url}/api/x`, { headers });
  const left = async (headers: Record<string, string> = {}, name = 'x-request-deadline-ms') => {
    const seen = (await (await ask(headers)).json()) as SeenRequest;
    return Number(seen.headers[name]);
  };
  return { backend, gateway, ask, left };
}

describe('a latency budget', () => {
  it('tells the service what is left of it', async () => {
    const { left } = await budgeted({ budget: '30s', floor: '100ms' });
    const milliseconds = await left();
    expect(milliseconds).toBeGreaterThan(20_000);
    expect(milliseconds).toBeLessThan(29_900);
  });

  it('takes a smaller one from the client, and no larger one', async () => {
    const { left } = await budgeted({ budget: '30s', floor: '100ms' });
    expect(await left({ 'x-request-deadline-ms': '20000' })).toBeLessThan(19_900);
    for (const nonsense of ['40000', '-5', 'soon', '1e3', '']) {
      const milliseconds = await left({ 'x-request-deadline-ms': nonsense });
      expect(milliseconds).toBeGreaterThan(20_000);
      expect(milliseconds).toBeLessThan(29_900);
    }
  });

  it('is told by a header of another name', async () => {
    const { left } = await budgeted({ budget: '30s', header: 'x-left' });
    expect(await left({ 'x-left': '20000' }, 'x-left')).toBeLessThan(20_000);
  });

  it('ends a service that takes longer with 504, before the client gives up', async () => {
    const { ask, gateway } = await budgeted(
      { budget: '500ms', floor: '100ms' },
      { answerMs: 30_000 },
    );
    const startedAt = performance.now();
    const late = await ask();
    expect(late.status).toBe(504);
    await problemOf(late);
    expect(performance.now() - startedAt).toBeGreaterThan(350);
    const burn = { http_route: '/api/*' };
    expect(await gateway.metric('gateway_deadline_burn_ratio_count', burn)).toBe(1);
    expect(await gateway.metric('gateway_deadline_burn_ratio_sum', burn)).toBeGreaterThan(0.7);
  });

  it('asks no service when too little is left', async () => {
    const { ask, backend, gateway } = await budgeted({ budget: '30s', floor: '50ms' });
    const late = await ask({ 'x-request-deadline-ms': '50' });
    expect(late.status).toBe(504);
    expect(await problemOf(late)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-DEADLINE-SPENT',
    });
    expect(backend.seen).toHaveLength(0);
    expect(
      await gateway.metric('gateway_decisions_total', { decider: 'deadline', outcome: 'spent' }),
    ).toBe(1);
  });

  it('counts the time that other filters take', async () => {
    const { ask, backend } = await budgeted(
      { budget: '30s', floor: '50ms' },
      { before: [{ concurrency: { limit: 1, queue: 5, queueTimeout: '10s' } }], answerMs: 700 },
    );
    const [first, second] = await Promise.all([ask(), ask({ 'x-request-deadline-ms': '400' })]);
    expect([first.status, second.status].sort()).toEqual([200, 504]);
    expect(backend.seen).toHaveLength(1);
  });

  it('is not made of less than its floor', async () => {
    await expect(budgeted({ budget: '5ms' })).rejects.toThrow('not more than the floor');
  });
});
