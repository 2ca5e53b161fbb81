import { describe, expect, it } from 'vitest';
import { isolation } from '../../src/labs/isolation.ts';
import { answers, loaded, named, resultsOf, startConfiguration } from './support.ts';

const steps = isolation.steps({ quick: false, standalone: false });

describe('the lab isolation', () => {
  it('has an endpoint that answers and one that waits longer than the gateway does', async () => {
    const [, slower] = steps;
    if (slower === undefined) throw new Error('The lab has two configurations.');
    const { target, stop } = await startConfiguration(slower.configuration);
    expect((await fetch(`${target}/fast`)).status).toBe(200);
    expect((await fetch(`${target}/slow`)).status).toBe(504);
    await stop();
    expect(await answers(target)).toBe(false);
  });

  it('counts by the time in which requests were sent, not by the wait for the last answer', () => {
    const measured = (requests: number) =>
      resultsOf([
        {
          part: 'isolation',
          configuration: 'slow-1s',
          load: '1,500 requests/s each',
          k6: loaded({
            // Sent for 60 s; the last answer came 2 s later.
            seconds: 62,
            requests: 2 * requests,
            dropped: 180_000 - 2 * requests,
            byName: { fast: named({ requests }), slow: named({ requests, failedRatio: 0.9 }) },
          }),
        },
      ]);
    const [all] = isolation.bars(measured(90_000));
    expect(all).toMatchObject({ measured: '1,500 /s', met: true });
    const [fewer] = isolation.bars(measured(89_000));
    expect(fewer).toMatchObject({ measured: '1,483 /s', met: false });
  });
});
