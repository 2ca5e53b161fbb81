import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { coresBetween } from '../../src/lab/containers.ts';
import { createScreen, durationText } from '../../src/lab/screen.ts';
import { everySecond } from '../../src/lab/seconds.ts';

describe('cores by service', () => {
  const times = (entries: Readonly<Record<string, [string, number]>>) =>
    new Map(Object.entries(entries).map(([id, [service, seconds]]) => [id, { service, seconds }]));

  it('are the CPU seconds used between two readings, over all replicas', () => {
    const before = times({ a: ['logistics', 10], b: ['logistics', 20], c: ['gateway', 5] });
    const after = times({ a: ['logistics', 15], b: ['logistics', 22.5], c: ['gateway', 10] });
    expect(coresBetween(before, after, 10)).toEqual({ logistics: 0.75, gateway: 0.5 });
  });

  it('count a container that came meanwhile from its start, and forget one that went', () => {
    const before = times({ gone: ['logistics', 10] });
    const after = times({ new: ['logistics', 3] });
    expect(coresBetween(before, after, 10)).toEqual({ logistics: 0.3 });
  });
});

describe('second by second', () => {
  it('counts requests and failures, and gives the p95 of each second', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'woodytoys-seconds-'));
    const file = join(folder, 'k6.csv');
    const began = 1_700_000_000_400;
    const rows = [
      'metric_name,timestamp,metric_value,check',
      ...Array.from({ length: 20 }, (_, n) => `http_req_duration,1700000000,${n + 1}.0,`),
      ...Array.from({ length: 20 }, (_, n) => `http_req_failed,1700000000,${n < 2 ? 1 : 0}.0,`),
      'vus,1700000000,7.0,',
      'http_req_duration,1700000002,50.0,',
      'http_req_failed,1700000002,0.0,',
    ];
    await writeFile(file, `${rows.join('\n')}\n`);
    const series = await everySecond(file, began);
    expect(Object.fromEntries(series.map(({ name, points }) => [name, points]))).toEqual({
      requests: [
        [0, 20],
        [2, 1],
      ],
      failed: [
        [0, 2],
        [2, 0],
      ],
      p95: [
        [0, 19],
        [2, 50],
      ],
    });
    await rm(folder, { recursive: true });
  });
});

describe('the line of progress', () => {
  it.each([
    [41.4, '41 s'],
    [720, '12 min'],
    [7_500, '2 h 5 min'],
    [7_200, '2 h'],
    [-3, '0 s'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });

  it('is written over on a terminal, and never longer than it', () => {
    let output = '';
    const write = (text: string) => (output += text);
    const screen = createScreen({ isTTY: true, columns: 20, write });
    screen.progress('1 of 2 · a long title of a step', '5 s left');
    expect(output.replace('\r\u001B[K', '')).toHaveLength(19);
    screen.tell('done');
    expect(output.endsWith('\r\u001B[Kdone\n')).toBe(true);
  });

  it('is written once a change where there is no terminal', () => {
    let output = '';
    const screen = createScreen({ write: (text: string) => (output += text) });
    screen.progress('1 of 2', '5 s left');
    screen.progress('1 of 2', '4 s left');
    screen.progress('2 of 2', '');
    expect(output).toBe('1 of 2\n2 of 2\n');
  });
});
