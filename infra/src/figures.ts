/**
 * Measures the figures that the README states and prints them: `npm run figures -- standalone`,
 * `npm run figures -- compose`, or `npm run figures -- totals` (four replicas of each service, and how
 * far Prometheus is from what the load tool counted). Nothing here passes or fails, since machines differ.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createStack, docker, imageAvailable, missingEngine, type Stack } from './compose.ts';
import { percentiles } from './load.ts';
import { processTree, proportionalSetSize } from './process-tree.ts';
import { measureTotals } from './totals.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const MEBIBYTE = 1024 * 1024;

function figure(name: string, value: string): void {
  console.log(`${name.padEnd(52)} ${value}`);
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;

interface Started {
  readonly child: ChildProcess;
  readonly readyMs: number;
}

async function start(port: number, data: string): Promise<Started> {
  const startedAt = performance.now();
  const child = spawn('npm', ['start'], {
    cwd: root,
    env: {
      ...process.env,
      PORT: String(port),
      PRIVATE_PORT: String(port + 1),
      WOODYTOYS_DATA: data,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('ready')) return { child, readyMs: performance.now() - startedAt };
  }
  throw new Error('npm start ended before it was ready; run it by itself to see why');
}

async function stop({ child }: Started): Promise<void> {
  if (child.pid === undefined) return;
  process.kill(-child.pid, 'SIGINT');
  if (child.exitCode === null) await once(child, 'exit');
}

/** Milliseconds of each of `count` requests, one after the other. */
async function oneByOne(url: string, count: number): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const startedAt = performance.now();
    const response = await fetch(url);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`GET ${url} answered ${response.status}`);
    took.push(performance.now() - startedAt);
  }
  return took;
}

/** From POST to done in milliseconds, and the progress values that were seen on the way. */
async function report(origin: string): Promise<{ tookMs: number; progress: readonly number[] }> {
  const startedAt = performance.now();
  const accepted = await fetch(`${origin}/api/reports`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  if (accepted.status !== 202) throw new Error(`POST /api/reports answered ${accepted.status}`);
  const seen = new Set<number>();
  for (;;) {
    const response = await fetch(`${origin}${accepted.headers.get('location')}`);
    const job = (await response.json()) as { status: string; progress: number };
    seen.add(job.progress);
    if (job.status === 'failed') throw new Error('the report failed');
    if (job.status === 'done') {
      return { tookMs: performance.now() - startedAt, progress: [...seen] };
    }
    await sleep(20);
  }
}

async function common(origin: string): Promise<void> {
  await oneByOne(`${origin}/api/1/1`, 500);
  const { p50, p99 } = percentiles(await oneByOne(`${origin}/api/1/1`, 2_000));
  figure('GET /api/1/1 warm, one by one, p50 / p99', `${p50.toFixed(2)} / ${p99.toFixed(2)} ms`);
  const reports = [await report(origin), await report(origin), await report(origin)];
  const times = reports.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  figure('report over 100,000 sales, POST to done, median of 3', seconds(times[1] ?? 0));
  figure('progress values seen', reports[0]?.progress.join(' ') ?? '');
}

async function standalone(): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'woodytoys-figures-'));
  const port = 18_180;
  try {
    const first = await start(port, data);
    figure('npm start, data made anew, to the ready line', seconds(first.readyMs));
    await stop(first);
    const second = await start(port, data);
    figure('npm start, second time, to the ready line', seconds(second.readyMs));
    await sleep(5_000);
    const pids = await processTree(second.child.pid ?? 0);
    const atRest = await proportionalSetSize(pids);
    figure(
      `memory of ${pids.length} processes at rest (PSS)`,
      `${(atRest / MEBIBYTE).toFixed(0)} MiB`,
    );
    await common(`http://127.0.0.1:${port}`);
    const after = await proportionalSetSize(await processTree(second.child.pid ?? 0));
    figure('memory after this traffic (PSS)', `${(after / MEBIBYTE).toFixed(0)} MiB`);
    await stop(second);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

async function figuresStack(): Promise<Stack> {
  const missing = await missingEngine();
  if (missing) throw new Error(missing);
  return createStack({
    project: `woodytoys-figures-${process.pid}`,
    ports: { entry: 18_280, prometheus: 19_190, rabbitmq: 25_772 },
    environment: { GRAFANA_PORT: '13100', RATE_LIMIT: '10000000' },
    without: (await imageAvailable('grafana/grafana:12.2.0')) ? [] : ['grafana'],
  });
}

async function compose(): Promise<void> {
  const stack = await figuresStack();
  try {
    await stack.build();
    const startedAt = performance.now();
    await stack.up();
    figure(
      'docker compose up, built images, to all healthy',
      seconds(performance.now() - startedAt),
    );
    await sleep(30_000);
    const ids = await docker(
      'ps',
      '--quiet',
      '--filter',
      `label=com.docker.compose.project=woodytoys-figures-${process.pid}`,
    );
    const lines = await docker(
      'stats',
      '--no-stream',
      '--format',
      '{{.Name}} {{.MemUsage}}',
      ...ids.split('\n'),
    );
    let total = 0;
    for (const line of lines.split('\n')) {
      const [name = '', amount = ''] = line.split(' ');
      if (name.includes('grafana')) continue;
      total += bytes(amount);
      figure(`  ${name}`, amount);
    }
    figure('memory of the stack at rest, Grafana aside', `${(total / MEBIBYTE).toFixed(0)} MiB`);
    await common(stack.entry);
  } finally {
    await stack.down();
  }
}

/** Two steady minutes with four replicas of each service. */
async function totals(): Promise<void> {
  const stack = await figuresStack();
  try {
    await stack.build();
    await stack.up({ gateway: 4, user: 4, product: 4, logistics: 4 });
    const { services, failures } = await measureTotals({
      entry: stack.entry,
      prometheus: stack.prometheus,
      requestsPerSecond: 50,
      seconds: 120,
    });
    for (const { service, counted, seen, replicas, spread } of services) {
      const off = ((seen / counted - 1) * 100).toFixed(2);
      figure(
        `${service}, ${replicas} replicas: counted / seen`,
        `${counted} / ${seen.toFixed(0)} (${off} %), rates spread ${(spread * 100).toFixed(1)} %`,
      );
    }
    figure('requests that failed', String(failures.length));
  } finally {
    await stack.down();
  }
}

/** `112.9MiB` as docker prints it, in bytes. */
function bytes(amount: string): number {
  const [, value, unit] = /^([\d.]+)([KMG]i)?B$/.exec(amount) ?? [];
  const factor = { Ki: 1024, Mi: MEBIBYTE, Gi: 1024 * MEBIBYTE }[unit ?? ''] ?? 1;
  return Number(value) * factor;
}

const what = process.argv[2];
if (what === 'standalone') await standalone();
else if (what === 'compose') await compose();
else if (what === 'totals') await totals();
else {
  console.error(`figures: expected "standalone", "compose" or "totals", got ${what ?? 'nothing'}`);
  process.exit(2);
}
