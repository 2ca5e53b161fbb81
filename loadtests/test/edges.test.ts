import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { edges } from '../src/labs/edges.ts';
import { startEntryLoad, type Policy } from '../src/labs/edges/entry-load.ts';
import { observationOf } from '../src/labs/edges/faults.ts';
import { createResults } from '../src/report/results.ts';

describe('a client of two entries', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  async function entry(status = 200): Promise<{ url: string; gone: () => void }> {
    const server = createServer((_, response) => response.writeHead(status).end('{}'));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return {
      url: `http://127.0.0.1:${port}`,
      gone: () => {
        server.close();
        server.closeAllConnections();
      },
    };
  }

  /** Half a second with both, half a second without the first. */
  async function withoutTheFirst(policy: Policy) {
    const [first, second] = [await entry(), await entry()];
    const load = startEntryLoad({
      entries: [first.url, second.url],
      policy,
      requestsPerSecond: 100,
      path: () => '/',
    });
    await sleep(500);
    first.gone();
    const gone = load.elapsed();
    await sleep(500);
    return { ...(await load.stop()), gone };
  }

  it('fails from then on when it knows the one that is gone', async () => {
    const { sent, failedAt, latenciesMs, gone } = await withoutTheFirst('first');
    expect(failedAt.length + latenciesMs.length).toBe(sent);
    expect(failedAt.length).toBeGreaterThan(10);
    // What was answered was asked before.
    expect(latenciesMs.length).toBeGreaterThan(0);
    expect(latenciesMs.length).toBeLessThanOrEqual(gone * 100 + 1);
  });

  it('fails every other time when it takes turns', async () => {
    const { sent, failedAt, gone } = await withoutTheFirst('turns');
    const after = sent - gone * 100;
    expect(failedAt.length).toBeGreaterThan(after * 0.3);
    expect(failedAt.length).toBeLessThan(after * 0.7 + 5);
  });

  it('fails never when it tries the other', async () => {
    const { sent, failedAt, latenciesMs, saved } = await withoutTheFirst('other');
    expect(failedAt).toEqual([]);
    expect(latenciesMs).toHaveLength(sent);
    expect(saved).toBeGreaterThan(5);
  });

  it('counts an answer that is none, such as 502, as a failure', async () => {
    const { url } = await entry(502);
    const entries = [url];
    const load = startEntryLoad({
      entries,
      policy: 'turns',
      requestsPerSecond: 100,
      path: () => '/',
    });
    await sleep(100);
    const { sent, failedAt } = await load.stop();
    expect(failedAt).toHaveLength(sent);
  });
});

describe('what the lab keeps of it', () => {
  it('tells the share, how long it failed from the fault on, and each second', () => {
    const outcome = { sent: 300, failedAt: [1.2, 1.4, 2.5], latenciesMs: [1, 2, 3], saved: 4 };
    const { values, series } = observationOf(outcome, 1, 2);
    expect(values).toMatchObject({ failed: 3, failedShare: 0.01, failedSeconds: 1.5, p99: 3 });
    expect(series?.[0]?.points).toEqual([
      [0, 0],
      [1, 2],
      [2, 1],
    ]);
  });

  it('tells of no failure as of none', () => {
    const { values } = observationOf({ sent: 100, failedAt: [], latenciesMs: [1], saved: 0 }, 1, 2);
    expect(values).toMatchObject({ failed: 0, failedShare: 0, failedSeconds: 0 });
  });
});

describe('the report of the lab edges', () => {
  /** Each step measured once, with the share that fails as `shareOf` has it. */
  function measured(shareOf: (configuration: string, load: string) => number) {
    const steps = edges.steps({ quick: false, standalone: false });
    const measurements = steps.map(({ part, configuration, load }) => ({
      part,
      configuration: configuration.name,
      load: load.title,
      run: 1,
      startedAt: '2026-11-21T12:00:00.000Z',
      seconds: 30,
      values: {
        sent: 3000,
        failed: 3000 * shareOf(configuration.name, load.title),
        failedShare: shareOf(configuration.name, load.title),
        failedSeconds: 1,
        p99: 20,
      },
      series: [],
      events: [],
    }));
    return createResults(measurements, { quick: false, titles: {} });
  }

  it('has a row, a bar of the chart and a sentence for every case, none of them empty', () => {
    const results = measured(() => 0.25);
    const rows = edges.tables(results).flatMap((table) => table.rows);
    expect(rows).toHaveLength(results.measurements.length);
    expect(rows.flat()).not.toContain('–');
    const [chart] = edges.charts(results);
    const values = chart?.kind === 'bars' ? chart.series.flatMap((each) => each.values) : [];
    expect(values).toEqual(Array.from({ length: results.measurements.length }, () => 25));
    expect(edges.findings(results)).toHaveLength(4);
    expect(edges.bars(results).map(({ met }) => met)).toEqual([false, false, false, false]);
  });

  it('holds its bars to the client that tries the other entry', () => {
    const bars = edges.bars(measured((_, load) => (load.endsWith('other') ? 0.001 : 0.5)));
    expect(bars.map(({ met, measured: told }) => [met, told])).toEqual(
      Array.from({ length: 4 }, () => [true, '0.1 %']),
    );
  });

  it('says nothing of what was not run', () => {
    const results = createResults([], { quick: false, titles: {} });
    expect(edges.tables(results)).toEqual([]);
    expect(edges.charts(results)).toEqual([]);
    expect(edges.findings(results)).toEqual([]);
    expect(edges.bars(results).map(({ met }) => met)).toEqual(Array(4).fill(undefined));
  });
});
