import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createShutdown } from '../src/index.ts';
import type { Shutdown } from '../src/index.ts';
import { runNode } from './support/child.ts';
import type { Ended, Watch } from './support/child.ts';
import { createLines } from './support/lines.ts';
import { RawConnection, exchangeRaw } from './support/raw.ts';

describe('a shutdown', () => {
  function create(shutdownTimeoutMs = 5_000) {
    const { log, lines } = createLines();
    const codes: number[] = [];
    const steps: string[] = [];
    const shutdown = createShutdown({
      log,
      drainDelayMs: 20,
      shutdownTimeoutMs,
      exit: (code) => codes.push(code),
    });
    const add = (name: string, stop: () => Promise<void> = () => Promise.resolve()) =>
      shutdown.onStop(name, () => {
        steps.push(name);
        return stop();
      });
    return { shutdown, lines, codes, steps, add };
  }

  it('drains, waits, and ends its parts, the first made last', async () => {
    const { shutdown, codes, steps, add } = create();
    shutdown.onDrain(() => steps.push('drain'));
    add('pool');
    add('app', () => sleep(20));
    add('http');
    await shutdown.begin('test');
    expect(steps).toEqual(['drain', 'http', 'app', 'pool']);
    expect(codes).toEqual([0]);
    expect(shutdown.signal.aborted).toBe(true);
  });

  it('happens once, however often it is begun', async () => {
    const { shutdown, codes, steps, add } = create();
    add('app');
    await Promise.all([shutdown.begin('one'), shutdown.begin('two')]);
    expect(steps).toEqual(['app']);
    expect(codes).toEqual([0]);
  });

  it('goes on past a part that fails, and exits with 1', async () => {
    const { shutdown, codes, steps, lines, add } = create();
    add('pool');
    add('app', () => Promise.reject(new Error('stuck')));
    await shutdown.begin('test');
    expect(steps).toEqual(['app', 'pool']);
    expect(codes).toEqual([1]);
    expect(lines.find(({ level }) => level === 'error')).toMatchObject({ step: 'app' });
  });

  it('exits with 1 past its limit, naming what it waited for', async () => {
    const { shutdown, codes, lines, add } = create(60);
    add('app', () => new Promise(() => {}));
    void shutdown.begin('test');
    while (codes.length === 0) await sleep(5);
    expect(codes).toEqual([1]);
    expect(lines.find(({ level }) => level === 'fatal')).toMatchObject({ step: 'app' });
  });

  it('does not wait where nobody has to notice', async () => {
    const { log } = createLines();
    const done: number[] = [];
    const shutdown: Shutdown = createShutdown({
      log,
      drainDelayMs: 600_000,
      exit: (code) => done.push(code),
    });
    await shutdown.begin('test');
    expect(done).toEqual([0]);
  });
});

describe('a process', () => {
  const file = fileURLToPath(new URL('processes/server.ts', import.meta.url));
  const runServer = (options: object, watch?: Watch) =>
    runNode([file, JSON.stringify(options)], watch);

  interface Running {
    readonly port: number;
    readonly privatePort: number;
    readonly kill: (signal: NodeJS.Signals) => void;
    /** Resolves when the log has the text. */
    readonly logged: (text: string) => Promise<void>;
    readonly ended: Promise<Ended>;
  }

  async function run(options: object): Promise<Running> {
    let seen = '';
    let kill: Running['kill'] = () => {};
    const ended = runServer(options, (output, child) => {
      seen = output;
      kill = (signal) => child.kill(signal);
    });
    let over = false;
    void ended.then(() => {
      over = true;
    });
    const logged = async (text: string) => {
      while (!seen.includes(text)) {
        if (over) throw new Error(`ended without ${text}: ${seen}`);
        await sleep(10);
      }
    };
    await logged('"listening"');
    const line = JSON.parse(
      seen.split('\n').find((one) => one.includes('"listening"')) as string,
    ) as {
      port: number;
      privatePort: number;
    };
    return { ...line, kill: (signal) => kill(signal), logged, ended };
  }

  const ask = (port: number, path: string) => fetch(`http://127.0.0.1:${port}${path}`);

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'that gets %s in the middle of a request answers it, and exits with 0',
    async (signal) => {
      const server = await run({ drainDelayMs: 50 });
      const answer = ask(server.port, '/slow?ms=800');
      await server.logged('request begins');
      server.kill(signal);
      await server.logged('shutdown begins');
      const response = await answer;
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('done');
      const { code, lines } = await server.ended;
      expect(code).toBe(0);
      expect(lines.map(({ msg }) => msg)).toEqual([
        'listening',
        'request begins',
        'shutdown begins',
        'request ends',
        'app stopped',
        'pool closed',
        'shutdown ends',
      ]);
      expect(lines.find(({ msg }) => msg === 'shutdown begins')).toMatchObject({ reason: signal });
    },
  );

  it('goes on accepting, not ready, until others have noticed, then ends each connection', async () => {
    const server = await run({ drainDelayMs: 2_000 });
    const kept = new RawConnection(server.port);
    const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    expect((await kept.ask(get)).headers['connection']).toBe('keep-alive');
    expect((await ask(server.privatePort, '/readyz')).status).toBe(200);
    server.kill('SIGTERM');
    await server.logged('shutdown begins');
    expect((await ask(server.privatePort, '/readyz')).status).toBe(503);
    expect((await ask(server.privatePort, '/livez')).status).toBe(200);
    // Kept alive, so that a balancer has few connections to make when they begin to be refused.
    expect((await kept.ask(get)).headers['connection']).toBe('keep-alive');
    expect((await ask(server.port, '/')).status).toBe(200);
    let answer = await kept.ask(get);
    while (answer.headers['connection'] === 'keep-alive') {
      await sleep(50);
      answer = await kept.ask(get);
    }
    expect(answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
    // What stood in the queue of the listening socket is answered before that socket closes.
    await expect
      .poll(() => exchangeRaw(server.port, get).catch(String), { timeout: 5_000 })
      .toMatch(/ECONNREFUSED/);
    expect((await server.ended).code).toBe(0);
  });

  it('whose handler never ends exits with 1 at its limit, and says what it waited for', async () => {
    const server = await run({ drainDelayMs: 10, shutdownTimeoutMs: 500 });
    const answer = ask(server.port, '/never').catch((error: unknown) => error);
    await server.logged('request begins');
    server.kill('SIGTERM');
    const { code, lines } = await server.ended;
    expect(code).toBe(1);
    expect(lines.at(-1)).toMatchObject({
      level: 'fatal',
      step: 'http',
      msg: 'shutdown took too long, exiting with what is left',
    });
    expect(await answer).toBeInstanceOf(Error);
  });

  it('that gets a second signal exits with 1 at once', async () => {
    const server = await run({ drainDelayMs: 60_000, shutdownTimeoutMs: 120_000 });
    server.kill('SIGTERM');
    await server.logged('shutdown begins');
    server.kill('SIGINT');
    const { code, lines } = await server.ended;
    expect(code).toBe(1);
    expect(lines.at(-1)).toMatchObject({ level: 'fatal', signal: 'SIGINT' });
  });

  it.each([
    ['throws', '/throw', 'uncaughtException'],
    ['rejects', '/reject', 'unhandledRejection'],
  ])('in which something %s uncaught logs it and exits with 1', async (_name, path, origin) => {
    const server = await run({});
    await ask(server.port, path).catch(() => undefined);
    const { code, lines } = await server.ended;
    expect(code).toBe(1);
    expect(lines.at(-1)).toMatchObject({
      level: 'fatal',
      origin,
      error: { message: 'nobody caught this', stack: expect.stringContaining('at ') as string },
    });
  });

  it('that cannot start stops what it had made, and exits with 1', async () => {
    const { code, lines } = await runServer({ failStart: true });
    expect(code).toBe(1);
    expect(lines.map(({ msg }) => msg)).toEqual([
      'start failed',
      'shutdown begins',
      'pool closed',
      'shutdown ends',
    ]);
    expect(lines[0]).toMatchObject({ level: 'fatal', error: { message: 'no database' } });
  });

  it('that gets SIGTERM while it starts gives up the start, and exits with 0', async () => {
    let killed = false;
    const { code, lines } = await runServer({ slowStart: true }, (output, child) => {
      if (output.includes('starting') && !killed) {
        killed = true;
        child.kill('SIGTERM');
      }
    });
    expect(code).toBe(0);
    expect(lines.map(({ msg }) => msg)).toEqual([
      'starting',
      'shutdown begins',
      'pool closed',
      'shutdown ends',
    ]);
  });
});
