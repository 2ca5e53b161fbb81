/**
 * Overload: `node apps/gateway/bench/overload.ts [--seconds 20] [--rounds 1] [--without]`. An upstream
 * that can do 500 requests a second is offered 1,500, with the adaptive limit; "normal" is the same
 * gateway offered 250. `--without` shows the same with no limit but `maxInFlight`.
 */
import { parseArgs } from 'node:util';
import { onStage } from './protection/stage.ts';
import type { Stage } from './protection/stage.ts';
import {
  atLeast,
  atMost,
  countBut,
  resultOf,
  say,
  sayMachine,
  sayResult,
  sayVerdict,
} from './protection/verdict.ts';
import type { Bar } from './report.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '1' },
    without: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);

const CAPACITY = 500;
const SHAPES = [
  { title: '10 workers of 20 ms', path: '/work/10/20' },
  { title: '1 worker of 2 ms', path: '/work/1/2' },
  { title: '50 workers of 100 ms', path: '/work/50/100' },
];

const configure = (backendUrl: string) => ({
  upstreams: { a: { discover: backendUrl, connections: 1024, adaptive: !values.without } },
  routes: [
    {
      path: '/work/*',
      methods: ['GET'],
      timeout: '5s',
      endpoint: { http: { upstream: 'a' } },
    },
  ],
});

async function measure(stage: Stage, title: string, path: string): Promise<Bar[]> {
  const offer = async (rate: number, length: number) =>
    (await stage.load({ seconds: length, streams: [{ path, rate }] }))[path];
  await offer(CAPACITY / 2, 3);
  const normal = await offer(CAPACITY / 2, 8);
  const over = await offer(3 * CAPACITY, seconds);
  const after = await offer(CAPACITY / 2, 8);
  say(title);
  sayResult('normal, 250/s', normal);
  sayResult('overload, 1,500/s', over);
  sayResult('after it, 250/s', after);
  const [good, shed] = [resultOf(over), resultOf(over, '503')];
  return [
    atLeast(`${title}: goodput, % of 500/s`, 90, (100 * good.perSecond) / CAPACITY),
    atMost('  p99 of what is accepted ÷ normal', 3, good.p99Ms / resultOf(normal).p99Ms),
    atMost('  p99 of the 503, ms', 50, shed.p99Ms),
    atMost('  503 without Retry-After', 0, shed.count - shed.retryAfter),
    atMost('  anything but 200 and 503', 0, countBut(over, ['200', '503'])),
    atMost('  refused before and after, %', 1, refusedPercent(normal, after)),
  ];
}

function refusedPercent(...results: Parameters<typeof countBut>[0][]): number {
  const sum = (but: readonly string[]) =>
    results.reduce((total, result) => total + countBut(result, but), 0);
  return (100 * sum(['200'])) / sum([]);
}

sayMachine();
const bars: Bar[] = [];
for (let round = 1; round <= Number(values.rounds); round += 1) {
  for (const { title, path } of SHAPES) {
    await onStage({ configure }, async (stage) => {
      bars.push(...(await measure(stage, title, path)));
    });
  }
}
sayVerdict(bars);
