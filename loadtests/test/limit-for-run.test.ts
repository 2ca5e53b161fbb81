import { afterEach, describe, expect, it } from 'vitest';
import { LoadError } from '../src/k6/failure.ts';
import { limitForRun } from '../src/k6/limit-for-run.ts';
import { parsePolicy, readPolicy } from '../src/k6/rate-limit.ts';
import { startSmallServer, type SmallServer } from './support/small-server.ts';

const thousand = { requests: 60_000, windowSeconds: 60 };
const plan = {
  target: 'http://127.0.0.1:8080',
  announced: thousand,
  requestsPerSecond: 90,
  stack: undefined,
  keep: false,
  say: () => {},
};

describe('the limit that a target announces', () => {
  let server: SmallServer | undefined;
  afterEach(() => server?.close());

  it('is read from its answers, the strictest of all', async () => {
    expect(parsePolicy('"default"; q=60000; w=60; pk=:MTJj:')).toEqual(thousand);
    expect(parsePolicy('"a"; q=100; w=1, "b"; q=60; w=60')).toEqual({
      requests: 60,
      windowSeconds: 60,
    });
    expect(parsePolicy('')).toBeUndefined();
    expect(parsePolicy('nonsense; q=x')).toBeUndefined();

    server = await startSmallServer({ answers: {}, policy: '"default"; q=30; w=60' });
    const policy = await readPolicy(server.origin, { probes: ['/a', { option: 'fast' }] }, {});
    expect(policy).toEqual({ requests: 30, windowSeconds: 60 });
    expect([...server.asked.keys()]).toEqual(['/a', '/']);
  });

  it('is asked for in vain where nothing answers, and the message says what to do', async () => {
    const reading = readPolicy('http://127.0.0.1:1', { probes: ['/'] }, {});
    await expect(reading).rejects.toThrow(/127\.0\.0\.1:1 does not answer .*npm start.*--target/);
    await expect(reading).rejects.toBeInstanceOf(LoadError);
  });
});

describe('the limit for a run', () => {
  it('is left alone by a load below it', async () => {
    expect(await limitForRun(plan)).toMatchObject({ note: '60000 per client in 60 s' });
    const { note } = await limitForRun({ ...plan, announced: undefined, requestsPerSecond: 1e6 });
    expect(note).toBe('none is announced');
  });

  it.runIf(process.platform === 'linux')(
    'is kept on this machine, whose loads come from many addresses',
    async () => {
      const { note, localAddresses } = await limitForRun({ ...plan, requestsPerSecond: 3_000 });
      expect(localAddresses).toBe('127.64.0.1-127.64.0.12');
      expect(note).toBe(
        '60000 per client in 60 s; kept, and the load comes from up to 12 client addresses',
      );
    },
  );

  it('is kept when that is asked for', async () => {
    const { note, localAddresses } = await limitForRun({
      ...plan,
      requestsPerSecond: 3_000,
      keep: true,
    });
    expect(note).toContain('kept, though the load goes over it');
    expect(localAddresses).toBeUndefined();
  });

  it.each([
    ['elsewhere', { target: 'http://platform.example', requestsPerSecond: 901 }],
    ['far too low', { announced: { requests: 30, windowSeconds: 60 }, requestsPerSecond: 1_000 }],
    ['unknown in rate and elsewhere', { target: 'http://192.0.2.1', requestsPerSecond: undefined }],
  ])('refuses a load over a limit that it cannot raise: %s', async (_, change) => {
    const raising = limitForRun({ ...plan, ...change });
    await expect(raising).rejects.toThrow(/RATE_LIMIT=\d+.*--keep-limit/);
  });
});
