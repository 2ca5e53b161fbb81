import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@woodytoys/testing';
import { describe, expect, it } from 'vitest';
import type { Traffic } from '../src/snapshot.ts';
import { sendJson, startConsole, startPlatform } from './support/console.ts';
import { openStream } from './support/events.ts';

const answering = (status: number) =>
  startPlatform((_request, response) => sendJson(response, status, {}));

describe('demonstration traffic', () => {
  it('comes at its rate, evenly, and is counted as it is served', async () => {
    const times: number[] = [];
    const platform = await startPlatform((_request, response) => {
      times.push(performance.now());
      sendJson(response, 200, {});
    });
    const { url, put } = await startConsole({ entry: () => platform.url });
    const answer = await put('/console/api/traffic', { mix: 'browse', rate: 30 });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ mix: 'browse', rate: 30, failed: 0 });
    await waitFor(() => times.length >= 60);
    const seconds = ((times[59] as number) - (times[0] as number)) / 1000;
    // 59 gaps of a thirtieth; a busy machine delays the last, not all.
    expect(59 / seconds).toBeGreaterThan(15);
    expect(59 / seconds).toBeLessThan(40);
    expect(platform.requests.every((line) => line.startsWith('GET /api/'))).toBe(true);
    const stream = await openStream(url);
    const { traffic } = await stream.snapshot();
    stream.close();
    expect(traffic.served).toBeGreaterThanOrEqual(59);
    expect(traffic).toMatchObject({ failed: 0, skipped: 0 });
    expect(traffic.until).toBeGreaterThan(Date.now());
  });

  it('counts 500 and no answer as failed, and 404 as served', async () => {
    const [broken, empty] = [await answering(500), await answering(404)];
    let entry = broken.url;
    const { put } = await startConsole({ entry: () => entry });
    const set = async (rate: number) =>
      (await (await put('/console/api/traffic', { mix: 'shop', rate })).json()) as Traffic;
    await set(100);
    await waitFor(() => broken.requests.length >= 20);
    broken.stop();
    await sleep(300);
    const failed = await set(0);
    expect(failed.failed).toBeGreaterThan(20);
    expect(failed).toMatchObject({ served: 0, rate: 0, until: null });
    entry = empty.url;
    await set(100);
    await waitFor(() => empty.requests.length >= 20);
    const served = await set(0);
    expect(served.served).toBeGreaterThanOrEqual(15);
    expect(served.failed).toBe(0);
  });

  it('stops when told to, and by itself after its time', async () => {
    const platform = await answering(200);
    const { url, put } = await startConsole({ entry: () => platform.url, trafficLimitMs: 1_000 });
    const isQuiet = async () => {
      const before = platform.requests.length;
      await sleep(300);
      return platform.requests.length === before;
    };
    await put('/console/api/traffic', { mix: 'browse', rate: 100 });
    await waitFor(() => platform.requests.length > 5);
    await put('/console/api/traffic', { mix: 'browse', rate: 0 });
    // What was under way is answered yet.
    await sleep(200);
    expect(await isQuiet()).toBe(true);

    await put('/console/api/traffic', { mix: 'browse', rate: 100 });
    expect(await isQuiet()).toBe(false);
    const stream = await openStream(url);
    const ended = await stream.snapshot(({ traffic }) => traffic.rate === 0);
    expect(ended.traffic).toMatchObject({ mix: 'browse', until: null });
    expect(ended.traffic.served).toBeGreaterThan(5);
    expect(await isQuiet()).toBe(true);
    stream.close();
  });

  it('has 100 requests under way at most, and tells what it did not send', async () => {
    const platform = await startPlatform(() => {
      // No answer at all.
    });
    const { put } = await startConsole({ entry: () => platform.url });
    await put('/console/api/traffic', { mix: 'browse', rate: 100 });
    await waitFor(() => platform.requests.length >= 100);
    await sleep(500);
    const answer = await put('/console/api/traffic', { mix: 'browse', rate: 0 });
    const { skipped } = (await answer.json()) as Traffic;
    expect(skipped).toBeGreaterThan(10);
    expect(platform.requests).toHaveLength(100);
  });

  it('ends with the process that makes it', async () => {
    const platform = await answering(200);
    const { app, put } = await startConsole({ entry: () => platform.url });
    await put('/console/api/traffic', { mix: 'browse', rate: 100 });
    await waitFor(() => platform.requests.length > 5);
    await app.stop();
    await sleep(100);
    const before = platform.requests.length;
    await sleep(300);
    expect(platform.requests.length).toBe(before);
  });

  it('sells in the mix "shop" what it has delivered before', async () => {
    const moves: { path: string; body: unknown }[] = [];
    const platform = await startPlatform((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        if (request.method === 'POST')
          moves.push({ path: request.url ?? '', body: JSON.parse(text) });
        sendJson(response, 200, {});
      });
    });
    const { put } = await startConsole({ entry: () => platform.url });
    await put('/console/api/traffic', { mix: 'shop', rate: 100 });
    await waitFor(() => moves.length >= 4);
    const ofPath = (end: string) => moves.filter(({ path }) => path.endsWith(end));
    const [restock] = ofPath('/restocks');
    const [sale] = ofPath('/sales');
    expect(sale?.body).toEqual(restock?.body);
    expect(sale?.path).toBe(restock?.path.replace('restocks', 'sales'));
  });
});
