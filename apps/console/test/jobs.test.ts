import { waitFor } from '@woodytoys/testing';
import { describe, expect, it } from 'vitest';
import type { Job } from '../src/snapshot.ts';
import { sendJson, startConsole, startPlatform } from './support/console.ts';
import { openStream } from './support/events.ts';

/** A platform whose reports are done after so many looks. */
function startReports(looks: number) {
  const seen = new Map<string, number>();
  let made = 0;
  return startPlatform((request, response) => {
    const path = request.url ?? '';
    const report = (id: string, status: string, progress: number) => ({
      ...{ id, status, progress, createdAt: '2026-01-01T00:00:00Z', startedAt: null },
      ...{ finishedAt: null, failure: null, result: null },
    });
    if (request.method === 'POST' && path === '/api/reports') {
      made += 1;
      return sendJson(response, 202, report(`r${made}`, 'queued', 0));
    }
    const id = path.slice('/api/reports/'.length);
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    const done = count >= looks;
    return sendJson(response, 200, report(id, done ? 'done' : 'running', done ? 1 : count / looks));
  });
}

describe('jobs of the console', () => {
  it('are asked for on the entry, and followed to their end and result', async () => {
    const platform = await startReports(3);
    const { url, post } = await startConsole({ entry: () => platform.url });
    const stream = await openStream(url);
    const answer = await post('/console/api/jobs', { kind: 'report' });
    expect(answer.status).toBe(201);
    const job = (await answer.json()) as Job;
    expect(job).toMatchObject({
      id: 'r1',
      kind: 'report',
      state: 'queued',
      progress: 0,
      result: null,
    });
    const running = await stream.snapshot(({ jobs }) => jobs[0]?.state === 'running');
    expect(running.jobs[0]?.progress).toBeGreaterThan(0);
    const ended = await stream.snapshot(({ jobs }) => jobs[0]?.state === 'done');
    expect(ended.jobs).toMatchObject([{ id: 'r1', progress: 1, result: '/api/reports/r1.csv' }]);
    const looks = platform.requests.length;
    await stream.snapshot();
    await stream.snapshot();
    // Who has ended is not asked about any more.
    expect(platform.requests.length).toBe(looks);
    stream.close();
  });

  it('of an unknown kind are refused with the kinds that there are', async () => {
    const { post } = await startConsole();
    const answer = await post('/console/api/jobs', { kind: 'cake' });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({
      type: 'urn:woodytoys:problem:WT-BODY-INVALID',
      errors: [{ pointer: '/body/kind', detail: 'must be one of report, order' }],
    });
  });

  it('that the platform does not take are a 502 with its reason, and are not kept', async () => {
    const platform = await startPlatform((_request, response) => sendJson(response, 503, {}));
    const { url, post } = await startConsole({ entry: () => platform.url });
    const answer = await post('/console/api/jobs', { kind: 'report' });
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({
      detail: expect.stringContaining('answers POST /api/reports with 503') as string,
    });
    const stream = await openStream(url);
    expect((await stream.snapshot()).jobs).toEqual([]);
    stream.close();
  });

  it('are unknown, with the reason, while their service cannot be asked', async () => {
    const platform = await startReports(100);
    const { url, post } = await startConsole({ entry: () => platform.url });
    await post('/console/api/jobs', { kind: 'report' });
    platform.stop();
    const stream = await openStream(url);
    const { jobs } = await stream.snapshot(({ jobs: [job] }) => job?.state === 'unknown');
    expect(jobs[0]?.detail).toContain('does not answer');
    stream.close();
  });

  it('are 20 at a time, and 50 are kept', async () => {
    const slow = await startReports(1_000);
    const crowded = await startConsole({ entry: () => slow.url });
    const ask = () => crowded.post('/console/api/jobs', { kind: 'report' });
    const statuses = (await Promise.all(Array.from({ length: 25 }, ask))).map(
      ({ status }) => status,
    );
    expect(statuses.filter((status) => status === 201)).toHaveLength(20);
    expect(statuses.filter((status) => status === 503)).toHaveLength(5);

    const quick = await startReports(1);
    const { url, post } = await startConsole({ entry: () => quick.url });
    for (let made = 0; made < 60; made += 1) {
      await waitFor(
        async () => (await post('/console/api/jobs', { kind: 'report' })).status === 201,
      );
    }
    const stream = await openStream(url);
    const { jobs } = await stream.snapshot();
    expect(jobs).toHaveLength(50);
    expect(jobs[0]?.id).toBe('r60');
    stream.close();
  });
});
