/**
 * Clients that go: `node apps/gateway/bench/aborts.ts [--clients 100000] [--abreast 100]`. They leave
 * before and in the middle of requests and answers; what the gateway holds after the first fifth,
 * when it is warm, is compared with what it holds after all of them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '@woodytoys/testing/ports';
import type { AbortingResult, AbortingTask } from './protection/aborting.ts';
import { heapUsedOf } from './protection/inspector.ts';
import { onStage } from './protection/stage.ts';
import type { Stage } from './protection/stage.ts';
import { atMost, say, sayMachine, sayVerdict } from './protection/verdict.ts';
import { usageOf } from './usage.ts';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '100000' },
    abreast: { type: 'string', default: '100' },
  },
});
const [clients, abreast] = [Number(values.clients), Number(values.abreast)];

const PARTS = 5;
/** Connections that were kept for the next request are closed after two seconds. */
const SETTLE_MS = 15_000;
const MEGABYTE = 1_000_000;

const configure = (backendUrl: string) => ({
  upstreams: { a: { discover: backendUrl, connections: 1024 } },
  routes: [{ path: '/*', methods: ['GET', 'POST'], endpoint: { http: { upstream: 'a' } } }],
});

interface Held {
  readonly upstreamSockets: number;
  readonly requests: number;
  readonly upstreamRequests: number;
  readonly heap: number;
  readonly rss: number;
}

async function heldBy({ gateway, backendState }: Stage, inspectorPort: number): Promise<Held> {
  return {
    upstreamSockets: (await backendState()).connections,
    requests: await gateway.metric('http_server_requests_in_flight'),
    upstreamRequests: await gateway.metric('gateway_upstream_requests_in_flight'),
    heap: (await heapUsedOf(inspectorPort)) / MEGABYTE,
    rss: (await usageOf(gateway.pid)).rss / MEGABYTE,
  };
}

/** What is held once nothing falls any more. */
async function settled(stage: Stage, inspectorPort: number, sockets: number): Promise<Held> {
  for (const end = Date.now() + SETTLE_MS; ; await sleep(250)) {
    const held = await heldBy(stage, inspectorPort);
    const left = held.upstreamSockets - sockets + held.requests + held.upstreamRequests;
    if (left <= 0 || Date.now() > end) return held;
  }
}

sayMachine();
const inspectorPort = await freePort();
const nodeOptions = [`--inspect=127.0.0.1:${inspectorPort}`];
await onStage({ configure, nodeOptions }, async (stage) => {
  const began = await heldBy(stage, inspectorPort);
  const samples: Held[] = [];
  const went = new Map<string, number>();
  for (let part = 1; part <= PARTS; part += 1) {
    const startedAt = performance.now();
    const task: AbortingTask = { port: stage.gateway.port, clients: clients / PARTS, abreast };
    const result = await stage.runBeside<AbortingResult>('aborting.ts', task);
    for (const [way, count] of Object.entries(result.went)) {
      went.set(way, (went.get(way) ?? 0) + count);
    }
    const held = await settled(stage, inspectorPort, began.upstreamSockets);
    samples.push(held);
    say(
      `${(clients / PARTS) * part} clients (${((performance.now() - startedAt) / 1000).toFixed(0)} s): ${held.upstreamSockets} upstream sockets, ${held.requests} requests in flight, ${held.upstreamRequests} to the upstream; heap ${held.heap.toFixed(1)} MB, rss ${held.rss.toFixed(0)} MB`,
    );
  }
  for (const [way, count] of went) say(`  went ${way}: ${count}`);
  const [warm, last] = [samples[0] as Held, samples.at(-1) as Held];
  sayVerdict([
    atMost(
      'upstream sockets more than at the start',
      0,
      last.upstreamSockets - began.upstreamSockets,
    ),
    atMost('requests in flight', 0, last.requests),
    atMost('requests in flight to the upstream', 0, last.upstreamRequests),
    // A hundred bytes that each client left behind would be 8 MB.
    atMost(`heap more than after ${clients / PARTS}, MB`, 1, last.heap - warm.heap),
    atMost(`rss more than after ${clients / PARTS}, MB`, 15, last.rss - warm.rss),
  ]);
});
