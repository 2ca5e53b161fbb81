import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInfoLines, createLogger, jsonText } from '../src/index.ts';
import { createLines } from './support/lines.ts';

describe('a line of text that is JSON already', () => {
  it('is the line that the logger itself writes', () => {
    const { log, lines } = createLines();
    const child = log.child({ part: 'a "quoted" name' });
    child.info({ path: '/é"\\', status: 200 }, 'request');
    createInfoLines(child, 'request')(`,"path":${jsonText('/é"\\')},"status":200`);
    const [expected, written] = lines as [Record<string, unknown>, Record<string, unknown>];
    expect(Object.keys(written)).toEqual(Object.keys(expected));
    expect({ ...written, time: expected['time'] }).toEqual(expected);
    expect(written['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('keeps to the level of the logger', () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const log = createLogger({ service: 'a', level: 'warn', destination });
    const write = createInfoLines(log, 'request');
    write('');
    log.level = 'info';
    write('');
    expect(lines).toHaveLength(1);
  });
});

describe('a text as JSON', () => {
  it('reads back as it was, in one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = jsonText(text);
        expect(JSON.parse(json)).toBe(text);
        expect(json).not.toContain('\n');
      }),
    );
  });
});
