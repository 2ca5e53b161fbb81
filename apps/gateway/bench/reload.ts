/**
 * Reloads under load: `node apps/gateway/bench/reload.ts [--rate 1000] [--reloads 20]`. For 1,500
 * operations, as routes in one YAML file and as 50 contracts in JSON and in YAML, it prints how long
 * a load takes, how many requests failed, and the longest time that each reload held the event loop: by
 * the clock, under load, and by its time on a core, without.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { freePort } from '@woodytoys/testing/ports';
import { createMetricsRegistry } from '@woodytoys/metrics';
import { createLogger, listen } from '@woodytoys/service';
import { createGateway } from '../src/app.ts';
import type { GeneratorTask } from './load/generator.ts';
import type { LoadResult } from './load/load.ts';
import { CONFIGURATIONS, PATH } from './operations.ts';
import type { WriteConfiguration } from './operations.ts';
import { barsTable } from './print.ts';
import { startProcess } from './processes.ts';
import type { Bar } from './report.ts';
import { spread } from './statistics.ts';
import { longestTurn } from './turns.ts';

const run = promisify(execFile);
const say = (text: string) => process.stdout.write(`${text}\n`);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const CONNECTIONS = 32;
/** Between two reloads; the first seconds of the load warm it up. */
const PAUSE_MS = 300;
const WARM_UP_MS = 2_000;
/** Reloads without requests, of which each turn of the event loop is measured by its time on a core. */
const TURNS = 5;

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    reloads: { type: 'string', default: '20' },
  },
});
const bars: Bar[] = [];
const bar = (what: string, most: number, measured: number) =>
  bars.push({ what, wanted: `≤ ${most}`, measured, met: measured <= most });
const [rate, reloads] = [Number(values.rate), Number(values.reloads)];

async function measure(name: string, write: WriteConfiguration): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-reload-'));
  const backendPort = await freePort();
  const backendUrl = `http://127.0.0.1:${backendPort}`;
  const backend = await startProcess([process.execPath, here('backend.ts'), String(backendPort)], {
    output: join(folder, 'backend.log'),
    url: backendUrl,
  });
  const rewrite = async (round: number) => {
    for (const [file, text] of Object.entries(write(backendUrl, round))) {
      await writeFile(join(folder, file), text);
    }
  };
  await rewrite(0);
  const registry = createMetricsRegistry({ defaultMetrics: false });
  // Failures are counted by who asks; lines of them would be a load of their own.
  const log = createLogger({ service: 'gateway', level: 'fatal' });
  const gateway = createGateway({
    configFile: join(folder, 'gateway.yaml'),
    environment: {},
    metrics: registry.service('gateway'),
    log,
  });
  const startedAt = performance.now();
  await gateway.start();
  const firstLoadMs = performance.now() - startedAt;
  say(`${name}\n  first load       ${firstLoadMs.toFixed(0)} ms`);
  const server = await listen(gateway.handler, { port: 0, host: '127.0.0.1', log });

  const holds: number[] = [];
  const times: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const held = async (work: () => Promise<unknown>): Promise<number> => {
    delay.reset();
    await work();
    // What ends the work may hold it still.
    await sleep(20);
    return delay.max / 1e6;
  };
  const seconds = Math.ceil((WARM_UP_MS + reloads * (PAUSE_MS + 500 + firstLoadMs)) / 1000) + 3;
  const task: GeneratorTask = {
    port: server.port,
    path: PATH,
    tokens: ['none'],
    seconds,
    connections: CONNECTIONS,
    rate,
  };
  const loading = run(process.execPath, [here('load/generator.ts'), JSON.stringify(task)]);
  await sleep(WARM_UP_MS);
  const idle = await held(() => sleep(1_000));
  for (let round = 1; round <= reloads; round += 1) {
    await rewrite(round);
    const began = performance.now();
    holds.push(await held(() => gateway.reload()));
    times.push(performance.now() - began);
    await sleep(PAUSE_MS);
  }
  const result = JSON.parse((await loading).stdout) as LoadResult;
  const row = (label: string, { median, min, max }: ReturnType<typeof spread>) =>
    say(`  ${label} median ${median.toFixed(1)} ms, ${min.toFixed(1)}–${max.toFixed(1)} ms`);
  row('reload takes    ', spread(times));
  const turns: number[] = [];
  for (let round = reloads + 1; round <= reloads + TURNS; round += 1) {
    await rewrite(round);
    turns.push(await longestTurn(() => gateway.reload()));
  }
  row('longest hold    ', spread(holds));
  row('longest turn    ', spread(turns));
  bar(`${name}: longest hold of a reload, ms`, 50, Math.max(...holds));
  bar(`${name}: longest turn of a reload, ms of CPU`, 50, Math.max(...turns));
  bar(`${name}: failed requests`, 0, result.failures);
  say(`  without a reload ${idle.toFixed(1)} ms is the longest hold of one second`);
  say(
    `  ${result.requests} requests at ${rate}/s over ${reloads} reloads: ${result.failures} failed; p50 ${result.p50Ms.toFixed(2)} ms, p99 ${result.p99Ms.toFixed(2)} ms`,
  );
  await server.close();
  await gateway.stop();
  registry.close();
  await backend.stop();
  await rm(folder, { recursive: true });
}

for (const [name, write] of Object.entries(CONFIGURATIONS)) await measure(name, write);
process.stdout.write(`\n${barsTable(bars)}`);
