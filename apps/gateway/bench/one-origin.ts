/**
 * One origin hit: `node apps/gateway/bench/one-origin.ts [--rounds 10] [--redis URL]`. 500 clients at
 * once ask 3 gateways, processes that share a Redis, for one key that none of them has.
 */
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './load/connection.ts';
import { chooseCores } from './programs.ts';
import { onStage } from './protection/stage.ts';
import type { Stage } from './protection/stage.ts';
import { atLeast, atMost, say, sayMachine, sayVerdict } from './protection/verdict.ts';
import { startRedis } from './redis.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, redis: { type: 'string' } },
});

const CLIENTS = 500;
const GATEWAYS = 3;
/** Longer than all of the clients need to have asked. */
const ORIGIN_MS = 1_000;
const PATIENCE_MS = 20_000;

const configure = (backendUrl: string) => ({
  upstreams: { a: { discover: backendUrl } },
  routes: [
    {
      path: '/cached/*',
      methods: ['GET'],
      timeout: '10s',
      incoming: [{ cache: {} }],
      endpoint: { http: { upstream: 'a' } },
    },
  ],
});

/** All at once on connections that are open: how many of the answers were 200. */
async function askAll({ gateways }: Stage, path: string): Promise<number> {
  let [good, answered] = [0, 0];
  const connections = Array.from({ length: CLIENTS }, (_, index) => {
    const { port } = gateways[index % gateways.length] as (typeof gateways)[number];
    return new Connection(port, (_connection, ok) => {
      answered += 1;
      if (ok) good += 1;
    });
  });
  await sleep(1_000);
  // Replicas of one gateway have one name; the port of each would make keys of its own.
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: toys.example\r\n\r\n`);
  for (const connection of connections) connection.send(request);
  const end = performance.now() + PATIENCE_MS;
  while (answered < CLIENTS && performance.now() < end) await sleep(20);
  for (const connection of connections) connection.close();
  return good;
}

sayMachine();
const redis = await startRedis(values.redis, await chooseCores());
try {
  if (redis.url === undefined) throw new Error('there is no Redis: give --redis URL');
  const env = { REDIS_URL: redis.url };
  await onStage({ configure, gateways: GATEWAYS, env }, async (stage) => {
    const hits: number[] = [];
    const good: number[] = [];
    for (let round = 1; round <= Number(values.rounds); round += 1) {
      const before = (await stage.backendState()).cachedAsked;
      good.push(await askAll(stage, `/cached/${ORIGIN_MS}/${Date.now()}`));
      hits.push((await stage.backendState()).cachedAsked - before);
      say(
        `round ${round}: ${CLIENTS} misses on ${GATEWAYS} gateways, ${good.at(-1)} answers 200, ${hits.at(-1)} origin hits`,
      );
    }
    sayVerdict([
      atMost('origin hits, most of a round', 1, Math.max(...hits)),
      atLeast('answers 200, least of a round', CLIENTS, Math.min(...good)),
    ]);
  });
} finally {
  await redis.stop();
}
