import { describe, expect, it } from 'vitest';
import { trivialArena } from '../../src/labs/aggregate/gateways.ts';
import { barClients, closedTitle } from '../../src/labs/aggregate/loads.ts';
import { aggregate } from '../../src/labs/aggregate.ts';
import { answers, loaded, resultsOf, startConfiguration } from './support.ts';

const { configuration, contenders } = trivialArena();

describe('the lab aggregate', () => {
  it('asks every contender for the same page, and leaves none of them running', async () => {
    const running = await startConfiguration(configuration);
    const pages = await Promise.all(
      contenders.map(async ({ origin }) => (await fetch(`${origin}/api/7/3`)).json()),
    );
    expect(pages[0]).toMatchObject({
      user: { username: 'user_7' },
      product: { name: 'Product_3', price: 19.99 },
    });
    for (const page of pages) expect(page).toEqual(pages[0]);
    await running.stop();
    for (const { origin } of contenders) expect(await answers(origin)).toBe(false);
  });

  it('needs no engine where it is run standalone, and the same loads for every contender', () => {
    const steps = aggregate.steps({ quick: false, standalone: true });
    expect(steps.some((step) => step.configuration.needs.engine)).toBe(false);
    const loadsOf = (title: string) =>
      steps
        .filter(({ load }) => load.title.startsWith(`${title}, `))
        .map(({ load: { title: of, ...load }, runs }) => ({
          ...load,
          runs,
          of: of.slice(title.length),
          target: undefined,
        }));
    const [ours, naive] = [loadsOf('ours'), loadsOf('naive gateway')];
    expect(ours.length).toBeGreaterThan(1);
    expect(naive.filter(({ of }) => !of.includes('connections kept'))).toEqual(ours);
  });

  it.each([
    [3_000, true],
    [2_999, false],
  ])('holds ours at %i requests/s against 1,000 of the naive gateway', (ours, met) => {
    const measured = (key: string, requestsPerSecond: number) => {
      const contender = contenders.find((each) => each.key === key);
      if (contender === undefined) throw new Error(`There is no ${key}`);
      return {
        part: 'trivial',
        configuration: 'trivial',
        load: closedTitle(contender, barClients),
        k6: loaded({ requestsPerSecond }),
      };
    };
    const results = resultsOf([
      measured('naive', 1_000),
      measured('naiveKept', 2_000),
      measured('ours', ours),
    ]);
    const [services, trivial] = aggregate.bars(results);
    expect(trivial?.met).toBe(met);
    expect(services).toMatchObject({ measured: undefined, met: undefined });
  });
});
