import { describe, expect, it } from 'vitest';
import { createLogger } from '../src/index.ts';
import { createLines } from './support/lines.ts';
import { runScript } from './support/child.ts';

describe('a log line', () => {
  it('has its time, its level as a word, its service and its message', () => {
    const { log, lines } = createLines();
    log.warn({ requestId: 'r1', traceId: 't1' }, 'careful');
    expect(lines).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        level: 'warn',
        service: 'test',
        msg: 'careful',
        requestId: 'r1',
        traceId: 't1',
      },
    ]);
  });

  it('has the fields of its process', () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    createLogger({ service: 'a', base: { replica: 'a-1' }, destination }).info('x');
    expect(JSON.parse(lines[0] as string)).toMatchObject({ service: 'a', replica: 'a-1' });
  });

  it('keeps to its level', () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const log = createLogger({ service: 'a', level: 'warn', destination });
    log.info('no');
    log.warn('yes');
    expect(lines).toHaveLength(1);
  });

  it('has an error with its stack and its cause', () => {
    const { log, lines } = createLines();
    log.error({ error: new Error('outer', { cause: new Error('inner') }) }, 'failed');
    const { error } = lines[0] as { error: { message: string; stack: string } };
    expect(error.message).toBe('outer: inner');
    expect(error.stack).toContain('logger.test.ts');
  });

  it.each([
    ['at the top', { password: 'hunter2' }],
    ['authorization', { authorization: 'Bearer hunter2' }],
    ['a cookie', { cookie: 'sid=hunter2' }],
    [
      'in headers',
      {
        headers: {
          authorization: 'hunter2',
          cookie: 'hunter2',
          'set-cookie': ['hunter2'],
          'x-api-key': 'hunter2',
        },
      },
    ],
    ['in a request', { request: { headers: { authorization: 'hunter2' } } }],
    ['in a body', { body: { password: 'hunter2', name: 'Ada' } }],
  ])('never has a secret: %s', (_name, fields) => {
    const { log, text } = createLines();
    log.info(fields, 'x');
    expect(text()).not.toContain('hunter2');
    expect(text()).toContain('[Redacted]');
  });
});

describe('log lines of a process', () => {
  it('are all there when it exits, also the last ones', async () => {
    const { output, code } = await runScript(`
      import { createLogger } from './src/index.ts';
      const log = createLogger({ service: 'child' });
      for (let line = 0; line < 20000; line += 1) log.info({ line }, 'x');
      process.exit(0);
    `);
    expect(code).toBe(0);
    const lines = output
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { line: number }).line);
    expect(lines).toEqual(Array.from({ length: 20_000 }, (_, line) => line));
  });

  it('are there when it is killed right after a fatal one', async () => {
    const { output } = await runScript(`
      import { createLogger } from './src/index.ts';
      const log = createLogger({ service: 'child' });
      log.info('before');
      setTimeout(() => {
        log.fatal('the end');
        process.kill(process.pid, 'SIGKILL');
      }, 50);
    `);
    expect(
      output
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { msg: string }).msg),
    ).toEqual(['before', 'the end']);
  });

  it('come within a moment, without more to follow', async () => {
    const { output } = await runScript(
      `
      import { createLogger } from './src/index.ts';
      createLogger({ service: 'child' }).info('hello');
      setInterval(() => {}, 1000);
      `,
      (text, child) => {
        if (text.includes('hello')) child.kill('SIGKILL');
      },
    );
    expect(output).toContain('hello');
  });
});
