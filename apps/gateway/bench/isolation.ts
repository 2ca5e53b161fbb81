/**
 * Isolation: `node apps/gateway/bench/isolation.ts [--seconds 20] [--rate 1500]`. One gateway has an
 * endpoint of 50 ms and one that is slow, each offered a constant rate: the slow one takes 1 s, then
 * 10 s against its timeout of 2 s.
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
    rate: { type: 'string', default: '1500' },
  },
});
const [seconds, rate] = [Number(values.seconds), Number(values.rate)];

const TIMEOUT_MS = 2_000;
/** The timer of a timeout and the way of its answer. */
const LATE_MS = 100;
const FAST = '/fast/50';

/** Each has an upstream of its own, with the `maxInFlight` that one has unless told otherwise. */
const configure = (backendUrl: string) => ({
  upstreams: {
    fast: { discover: backendUrl, connections: 1024 },
    slow: { discover: backendUrl, connections: 1024 },
  },
  routes: ['fast', 'slow'].map((upstream) => ({
    path: `/${upstream}/{ms}`,
    methods: ['GET'],
    timeout: `${TIMEOUT_MS}ms`,
    endpoint: { http: { upstream, path: '/wait/{ms}' } },
  })),
});

async function measure(stage: Stage, title: string, slowMs: number): Promise<Bar[]> {
  const slowPath = `/slow/${slowMs}`;
  const streams = [FAST, slowPath].map((path) => ({ path, rate }));
  const { [FAST]: fast, [slowPath]: slow } = await stage.load({ seconds, streams });
  say(title);
  sayResult('50 ms', fast);
  sayResult('slow', slow);
  const [good, shed, late] = [resultOf(slow), resultOf(slow, '503'), resultOf(slow, '504')];
  return [
    atLeast(`${title}: fast, requests/s`, (rate * 1_498) / 1_500, resultOf(fast).perSecond),
    atMost('  fast, p99 in ms', 100, resultOf(fast).p99Ms),
    atMost('  slow, longest wait for an answer, ms', TIMEOUT_MS + LATE_MS, good.maxMs),
    atMost('  slow, longest wait for its 504, ms', TIMEOUT_MS + LATE_MS, late.maxMs),
    atMost('  slow, p99 of the 503, ms', 50, shed.p99Ms),
    atMost('  slow, 503 without Retry-After', 0, shed.count - shed.retryAfter),
    atMost('  slow, anything else', 0, countBut(slow, ['200', '503', '504'])),
  ];
}

sayMachine();
await onStage({ configure }, async (stage) => {
  // Connections and compiled code are made now; what is measured is a constant rate.
  await stage.load({ seconds: 4, streams: [FAST, '/slow/1000'].map((path) => ({ path, rate })) });
  const bars = [
    ...(await measure(stage, 'slow takes 1 s', 1_000)),
    ...(await measure(stage, 'slow takes 10 s', 10_000)),
  ];
  sayVerdict(bars);
});
