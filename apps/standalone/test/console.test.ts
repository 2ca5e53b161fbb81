import { setTimeout as sleep } from 'node:timers/promises';
import { MIXES } from '@woodytoys/console/mixes';
import { waitFor } from '@woodytoys/testing';
import { expect, test } from 'vitest';
import { allGone } from './fixtures/npm-start.ts';
import type { Started } from './fixtures/npm-start.ts';
import { useStarter } from './fixtures/started.ts';

const { place, start } = useStarter();

interface Seen {
  readonly source: { readonly kind: string; readonly answers: boolean };
  readonly services: readonly {
    readonly name: string;
    readonly signals: { readonly rps: number; readonly p95: number | null };
  }[];
  readonly topology: { readonly edges: readonly (readonly string[])[] };
  readonly jobs: readonly { readonly state: string; readonly result: string | null }[];
  readonly jobCounts: readonly { readonly state: string; readonly count: number }[];
  readonly queues: readonly { readonly name: string }[];
  readonly traffic: { readonly rate: number; readonly served: number; readonly failed: number };
}

/** The first snapshot for which `holds`, through the gateway. */
async function snapshot(started: Started, holds: (seen: Seen) => boolean): Promise<Seen> {
  const response = await started.get('/console/api/stream');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const [, data] = /^event: snapshot\ndata: (.*)$/.exec(event) ?? [];
      const seen = data === undefined ? undefined : (JSON.parse(data) as Seen);
      if (seen !== undefined && holds(seen)) return seen;
    }
  }
  throw new Error('The stream ended before such a snapshot.');
}

const signalsOf = ({ services }: Seen, service: string) =>
  services.find(({ name }) => name === service)?.signals;

const putTraffic = (port: number, rate: number) =>
  fetch(`http://127.0.0.1:${port}/console/api/traffic`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ mix: 'shop', rate }),
  });

test('npm start has a live page whose buttons reach the platform', async () => {
  const here = await place();
  // The scale at which the mixes find their shops and products.
  const started = start({ ...here, environment: { SEED_SCALE: '1' } });
  await started.ready();
  expect(started.output()).toContain('/console/');

  const page = await waitFor(async () => {
    const answer = await started.get('/console/');
    return answer.status === 200 ? answer : undefined;
  }, 60_000);
  const html = await page.text();
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const [, script = ''] = /src="(\/console\/assets\/[^"]+\.js)"/.exec(html) ?? [];
  const asset = await started.get(script);
  expect(asset.status).toBe(200);
  expect(asset.headers.get('cache-control')).toContain('immutable');
  expect(asset.headers.get('content-encoding')).toMatch(/^(zstd|br|gzip)$/);

  expect((await putTraffic(here.port, 30)).status).toBe(200);
  const job = await started.post('/console/api/jobs', { kind: 'report' });
  expect(job.status).toBe(201);
  const busy = await snapshot(
    started,
    (seen) =>
      (signalsOf(seen, 'gateway')?.rps ?? 0) > 10 &&
      seen.jobs[0]?.state === 'done' &&
      seen.jobCounts.some(({ state, count }) => state === 'done' && count > 0),
  );
  expect(busy.source).toMatchObject({ kind: 'processes', answers: true });
  for (const service of ['gateway', 'user', 'product', 'logistics', 'console']) {
    expect(signalsOf(busy, service)).toBeDefined();
  }
  // Three reads of eight go to it.
  expect(signalsOf(busy, 'product')?.rps).toBeGreaterThan(1);
  expect(signalsOf(busy, 'product')?.p95).toBeGreaterThan(0);
  expect(busy.topology.edges).toContainEqual(['gateway', 'logistics']);
  expect(busy.queues.map(({ name }) => name)).toContain('logistics.reports');
  expect((await started.get(busy.jobs[0]?.result ?? '')).status).toBe(200);

  const stopped = (await (await putTraffic(here.port, 0)).json()) as Seen['traffic'];
  expect(stopped.served).toBeGreaterThan(10);
  expect(stopped.failed).toBe(0);

  for (const { id, request } of MIXES) {
    for (let n = 0; n < 40; n += 1) {
      const { method, path, body } = request(n);
      const answer = await fetch(`http://127.0.0.1:${here.port}${path}`, {
        method,
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
      expect(answer.ok, `${id}: ${method} ${path} gave ${await answer.text()}`).toBe(true);
    }
  }

  // What it does ends with the rest.
  expect((await putTraffic(here.port, 100)).status).toBe(200);
  await sleep(500);
  started.signalGroup('SIGTERM');
  expect(await started.exited).toBe(0);
  await allGone(started.seen());
}, 180_000);
