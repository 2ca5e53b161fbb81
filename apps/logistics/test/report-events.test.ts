import { describeInBothWorlds } from '@woodytoys/app-testing';
import type { Client, Replica } from '@woodytoys/app-testing';
import type { Database } from '@woodytoys/database';
import { waitFor } from '@woodytoys/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createReportWatch } from '../src/report-watch.ts';
import { ended, follow, freezeAfter, requestReport } from './reports.ts';
import { startLogisticsService } from './start.ts';
import type { LogisticsService } from './start.ts';

describeInBothWorlds('the events of a report', (createWorld) => {
  let service: LogisticsService;
  let replica: Replica;
  let other: Replica;
  let client: Client;

  beforeAll(async () => {
    service = await startLogisticsService(await createWorld(), 0.5, { heartbeatMs: 50 });
    await service.worker();
    replica = await service.replica();
    ({ client } = replica);
    other = await service.replica();
    await service.fillCatalogue();
  });
  afterAll(() => service?.close());

  const shops = 10;

  /** A job that stands still once `step` shops are ready. */
  async function frozenReport(step: number) {
    const id = uuidv7();
    await service.database.query('INSERT INTO reports (id) VALUES ($1)', [id]);
    const frozen = await freezeAfter(service, id, step);
    const { messaging } = await service.world.connect('logistics');
    await messaging.declare({
      exchanges: [{ name: 'woodytoys.commands', type: 'direct' }],
      queues: [],
    });
    const message = {
      id: uuidv7(),
      exchange: 'woodytoys.commands',
      routingKey: 'report.requested',
      body: { reportId: id },
    };
    // In process a publish takes as long as the job.
    void messaging.publish(message).catch(() => undefined);
    return { id, ...frozen };
  }

  it('tell the whole history of a report that is done, then end', async () => {
    const id = await requestReport(client);
    await ended(client, id);
    const stream = await follow(other.port, id);
    expect(stream).toMatchObject({ status: 200, contentType: 'text/event-stream' });
    await stream.end;
    expect(stream.events.map((event) => event.id)).toEqual(
      Array.from({ length: shops + 2 }, (_, index) => index),
    );
    expect(stream.events[0]).toEqual({
      id: 0,
      event: 'progress',
      data: { id, status: 'queued', progress: 0 },
    });
    expect(stream.events[3]).toEqual({
      id: 3,
      event: 'progress',
      data: { id, status: 'running', progress: 3 / 11, storeId: 3 },
    });
    expect(stream.events.at(-1)).toEqual({
      id: shops + 1,
      event: 'done',
      data: { id, status: 'done', progress: 1 },
    });
  });

  it('come as the work goes on, on every replica', async () => {
    const { id, reached, release } = await frozenReport(4);
    const streams = [await follow(replica.port, id), await follow(other.port, id)];
    await reached();
    for (const { events } of streams) {
      await waitFor(() => events.length === 5);
      expect(events.at(-1)?.data).toEqual({ id, status: 'running', progress: 4 / 11, storeId: 4 });
    }
    await release();
    for (const { events, end } of streams) {
      await end;
      expect(events.at(-1)?.event).toBe('done');
      const progress = events.map(({ data }) => data.progress);
      expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    }
  });

  it('go on after the last one that was received', async () => {
    const { id, reached, release } = await frozenReport(6);
    await reached();
    const first = await follow(replica.port, id);
    await waitFor(() => first.events.length === 7);
    first.leave();
    const second = await follow(other.port, id, first.events.at(-1)?.id);
    await release();
    await second.end;
    expect(second.events.map((event) => event.id)).toEqual([7, 8, 9, 10, 11]);
  });

  it('are over for a client that has them all', async () => {
    const id = await requestReport(client);
    await ended(client, id);
    expect((await follow(replica.port, id, shops + 1)).status).toBe(204);
    const last = await follow(replica.port, id, shops);
    await last.end;
    expect(last.events.map(({ event }) => event)).toEqual(['done']);
    // An id that is none of ours is no reason to keep the history back.
    const path = `/reports/${id}/events`;
    const headers = { 'last-event-id': 'abc' };
    const { body } = await client.call<string>('GET', path, { headers });
    expect(body).toContain('id: 0\nevent: progress');
  });

  it('keep the connection awake in between, and let go of a client that has left', async () => {
    let looks = 0;
    const watched = await service.replica((database) => ({
      ...database,
      query: (...parameters) => {
        looks += 1;
        return database.query(...parameters);
      },
    }));
    const { id, reached, release } = await frozenReport(1);
    await reached();
    const stream = await follow(watched.port, id);
    await waitFor(() => stream.comments() > 2);
    stream.leave();
    const inFlight = 'http_server_requests_in_flight{service="logistics"}';
    await waitFor(async () => (await watched.scrape()).includes(`${inFlight} 0`));
    // One look may have been on its way, and the outbox is looked at once a second; looks at the
    // report would be five more.
    const before = looks;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(looks - before).toBeLessThanOrEqual(3);
    await release();
    expect(await ended(client, id)).toMatchObject({ status: 'done' });
  });

  it('end when the server does, so that the client goes on at another one', async () => {
    const leaving = await service.replica();
    const { id, reached, release } = await frozenReport(2);
    await reached();
    const stream = await follow(leaving.port, id);
    await waitFor(() => stream.events.length === 3);
    await leaving.stop();
    await stream.end;
    const onward = await follow(other.port, id, stream.events.at(-1)?.id);
    await release();
    await onward.end;
    expect(onward.events.map((event) => event.id)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('cost one look at the database a pause, however many clients follow', async () => {
    const { id, reached, release } = await frozenReport(3);
    await reached();
    let looks = 0;
    const counted: Database = {
      ...service.database,
      query: (...parameters) => {
        looks += 1;
        return service.database.query(...parameters);
      },
    };
    const watch = createReportWatch({ database: counted, pollMs: 100 });
    const leaving = new AbortController();
    const received: number[] = [];
    const startedAt = performance.now();
    const followers = Array.from({ length: 50 }, async () => {
      for await (const { sequence } of watch.follow(id, 0, leaving.signal)) received.push(sequence);
    });
    await waitFor(() => received.length === 150);
    await waitFor(() => looks >= 5);
    expect(looks).toBeLessThanOrEqual((performance.now() - startedAt) / 100 + 2);
    leaving.abort();
    await Promise.all(followers);
    const afterLeaving = looks;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(looks).toBeLessThanOrEqual(afterLeaving + 1);
    await release();
    await ended(client, id);
  });

  it('are cut, not ended, when the report cannot be read', async () => {
    const { id, reached, release } = await frozenReport(3);
    await reached();
    const stream = await follow(replica.port, id);
    await waitFor(() => stream.events.length === 4);
    await service.database.query('ALTER TABLE reports RENAME TO reports_away');
    await expect(stream.end).rejects.toThrow('cut');
    await service.database.query('ALTER TABLE reports_away RENAME TO reports');
    await release();
    expect(await ended(client, id)).toMatchObject({ status: 'done' });
  });

  it('are refused for reports that there are not', async () => {
    expect(await client.get(`/reports/${uuidv7()}/events`)).toMatchObject({ status: 404 });
    expect(await client.get('/reports/nonsense/events')).toMatchObject({ status: 400 });
    expect(await client.call('HEAD', `/reports/${uuidv7()}/events`)).toMatchObject({ status: 405 });
  });
});
