/**
 * Overload: `node apps/gateway/bench/overload.ts [--seconds 20] [--rounds 3]`. An upstream that can do
 * 500 requests a second is offered 1,500, without and with the adaptive limit; "normal" is the same
 * upstream offered 250. It prints figures and asserts nothing.
 */
import { parseArgs } from 'node:util';
import { say, sayLoad, sayResult, startStage } from './protection/stage.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
  },
});
const seconds = Number(values.seconds);

const CAPACITY = 500;
const SHAPES = [
  { title: '10 workers of 20 ms', path: '/work/10/20' },
  { title: '1 worker of 2 ms', path: '/work/1/2' },
];

const configure =
  (adaptive: boolean) =>
  (backendUrl: string): object => ({
    upstreams: { a: { discover: backendUrl, connections: 1024, adaptive } },
    routes: [
      {
        path: '/work/*',
        methods: ['GET'],
        timeout: '5s',
        endpoint: { http: { upstream: 'a' } },
      },
    ],
  });

for (const adaptive of [false, true]) {
  for (const { title, path } of SHAPES) {
    for (let round = 1; round <= (adaptive ? Number(values.rounds) : 1); round += 1) {
      say(`${adaptive ? 'adaptive: true' : 'no limit but maxInFlight'}, ${title}, round ${round}`);
      sayLoad();
      const stage = await startStage(configure(adaptive));
      await stage.load({ seconds: 3, streams: [{ path, rate: 250 }] });
      const normal = await stage.load({ seconds: 8, streams: [{ path, rate: 250 }] });
      sayResult('normal, 250/s', normal[path]);
      const over = await stage.load({ seconds, streams: [{ path, rate: 3 * CAPACITY }] });
      sayResult('overload, 1,500/s', over[path]);
      const good = over[path]?.['200'];
      const p99 = normal[path]?.['200']?.p99Ms;
      if (good !== undefined && p99 !== undefined) {
        say(
          `  goodput ${((100 * good.perSecond) / CAPACITY).toFixed(0)} % of ${CAPACITY}/s; p99 of what is accepted ${(good.p99Ms / p99).toFixed(1)} × normal`,
        );
      }
      await stage.stop();
    }
  }
}
