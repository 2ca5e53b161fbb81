import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { callsProbe } from '../../src/labs/woodytoys/calls.ts';
import { monolith } from '../../src/labs/woodytoys/configurations.ts';
import { original } from '../../src/labs/woodytoys/dialects.ts';
import { QUICK_CALLS, limit } from '../../src/labs/woodytoys/limit.ts';
import { ordersProbe } from '../../src/labs/woodytoys/orders.ts';
import { loadPage } from '../../src/labs/woodytoys/page.ts';
import { woodytoys } from '../../src/labs/woodytoys.ts';
import { startServer } from '../originals/start.ts';
import { answers, resultsOf, startConfiguration } from './support.ts';

const delays = { heavyMs: 400, validationMs: 300, lastMs: 500 };
const { signal } = new AbortController();

describe('the lab woodytoys', () => {
  it('times the calls of the monolith, and its orders', async () => {
    const running = await startConfiguration(monolith(delays));
    const context = { running, signal, elapsed: () => 0, say: () => {} };
    const { values } = await callsProbe(original(), delays).probe(context);
    for (const heavy of [values['heavySeconds'], values['heavyAgainSeconds']]) {
      expect(heavy).toBeGreaterThan(0.39);
    }
    expect(values['lastSeconds']).toBeGreaterThan(0.49);
    expect(values['orderSeconds']).toBeGreaterThan(0.29);
    // It waits for the order beside it, which came 50 ms earlier.
    expect(values['besideSeconds']).toBeGreaterThan(0.2);

    const orders = ordersProbe(original(), {
      ...{ title: 'orders', count: 3, abreast: 3, until: 'accepted' as const },
      seconds: 1,
    });
    const { ordersPerSecond, slowestSeconds } = (await orders.probe(context)).values;
    expect(slowestSeconds).toBeGreaterThan(0.89);
    expect(ordersPerSecond).toBeLessThan(3.4);

    await running.stop();
    expect(await answers(`${running.target}/api/ping`)).toBe(false);
  });

  it('stops at an answer that the original would not have given', async () => {
    const { url } = await startServer((_request, response) => response.end('soon'));
    const shop = original()(url, signal);
    await expect(shop.short()).rejects.toThrow(/\/api\/misc\/time answered "soon"; expected/);
    const broken = await startServer((_request, response) => response.writeHead(500).end('oh'));
    await expect(original()(broken.url, signal).short()).rejects.toThrow(/answered 500: oh/);
  });

  it('loads the page with each file that it names', async () => {
    const page = await readFile(
      fileURLToPath(new URL('../../originals/front/index.html', import.meta.url)),
    );
    const asked: (string | undefined)[] = [];
    const { url } = await startServer((request, response) => {
      asked.push(request.url);
      response.end(request.url === '/' ? page : '');
    });
    await loadPage(url, signal);
    expect(asked).toEqual(['/', '/page.css', '/page.js', '/5mo.png']);
  });

  it('makes a picture of 5 MB that is one', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'woodytoys-picture-')), '5mo.png');
    const program = new URL('../../originals/front/picture.ts', import.meta.url);
    await promisify(execFile)(process.execPath, [fileURLToPath(program), file]);
    const bytes = await readFile(file);
    expect(bytes.length / 1e6).toBeCloseTo(4.9, 1);
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
    // Signature, IHDR and the head of IDAT come before the lines; IDAT's checksum and IEND after.
    const lines = inflateSync(bytes.subarray(8 + 25 + 8, bytes.length - 16));
    expect(lines.length).toBe(height * (1 + 3 * width));
  });

  it.each([
    [{ refused: QUICK_CALLS - limit.burst - 1 }, true],
    [{ refused: 0 }, false],
    [{ refused: QUICK_CALLS }, false],
    [{ refused: QUICK_CALLS - limit.burst - 1, otherRefused: 1 }, false],
  ])('judges %j of quick calls refused: %s', (changes, met) => {
    const values = { passed: 11, withoutRetryAfter: 0, otherRefused: 0, limitSeconds: 0.3 };
    const results = resultsOf([
      {
        ...{ part: 'limit', configuration: 'limited', load: 'quick calls' },
        values: { ...values, ...changes },
      },
    ]);
    expect(woodytoys.bars(results).every((bar) => bar.met)).toBe(met);
  });

  it('has no engine to need where it is run standalone', () => {
    const steps = woodytoys.steps({ quick: false, standalone: true });
    expect(steps.map(({ configuration }) => configuration.name)).toContain('monolith');
    expect(steps.some(({ configuration }) => configuration.needs.engine)).toBe(false);
  });
});
