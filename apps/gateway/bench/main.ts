/**
 * The gateway beside its peers in one run: `npm run bench`. It prints ratios and writes figures;
 * nothing here passes or fails, since machines differ. docs/gateway/bench.md says how it measures.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@woodytoys/testing/ports';
import { CANDIDATES } from './candidates/index.ts';
import { createIdentity } from './identity.ts';
import { createLoad } from './load/index.ts';
import { measureDirect, start } from './measure.ts';
import type { Bench, Measured, Running, Sample } from './measure.ts';
import { USAGE, readOptions } from './options.ts';
import type { BenchOptions } from './options.ts';
import { barsTable, figuresTable, ratiosTable } from './print.ts';
import { startProcess } from './processes.ts';
import { chooseCores } from './programs.ts';
import { startRedis } from './redis.ts';
import { barsOf, figuresOf, ratiosTo } from './report.ts';
import { median } from './statistics.ts';

/** Tokens in use, so that no candidate lives on a cache of one. */
const USERS = 100;
/** What the others are compared with, and the further ones that a bar speaks of. */
const BASES = ['fastify', 'middleware', 'full-unobserved'];

/** Processes that run or wait, in the last minute, on a machine that has other work to do. */
const BUSY = 0.5;

const say = (text: string) => process.stdout.write(`${text}\n`);

/**
 * Ends what it started, also when `signal` ends it before the last round.
 * @returns whether every candidate that was started did what it should; if not, the logs are kept.
 */
async function main(options: BenchOptions, signal: AbortSignal): Promise<boolean> {
  const endings: (() => Promise<void> | void)[] = [];
  const directory = await mkdtemp(join(tmpdir(), 'gateway-bench-'));
  let good = false;
  try {
    const shared = { options, signal, directory };
    good = await compare(await prepare(shared, (ending) => endings.unshift(ending)));
    return good;
  } finally {
    for (const end of endings) await end();
    if (good || signal.aborted) await rm(directory, { recursive: true, force: true });
  }
}

/** Starts what all candidates share; `onEnd` is given what ends each part of it. */
async function prepare(
  shared: Pick<Bench, 'options' | 'signal' | 'directory'>,
  onEnd: (ending: () => Promise<void> | void) => void,
): Promise<Bench> {
  const { options, signal, directory } = shared;
  const { connections, rate, rounds, seconds, turns } = options;
  const [others = 0] = loadavg();
  const cores = await chooseCores();
  const identity = await createIdentity(USERS);
  onEnd(() => identity.close());
  const redis = await startRedis(options.redis, cores);
  onEnd(() => redis.stop());
  const backendPort = await freePort();
  const backendFile = fileURLToPath(new URL('backend.ts', import.meta.url));
  const backend = await startProcess(
    cores.rest([process.execPath, backendFile, String(backendPort)]),
    { output: join(directory, 'backend.log'), url: `http://127.0.0.1:${backendPort}`, signal },
  );
  onEnd(() => backend.stop());
  const load = await createLoad({ cores, connections, directory, signal });
  say(`Node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores; ${cores.description}`);
  say(
    `${connections} connections of ${load.program}${rate === 0 ? '' : `, then ${rate} requests/s of the bench's own`}; rounds: ${rounds}, turns of each: ${turns}, seconds of each load: ${seconds}`,
  );
  if (others > BUSY) {
    say(`the load was ${others.toFixed(1)}: others use this machine, so trust the CPU alone`);
  }
  say('');
  return { ...shared, cores, load, identity, redisUrl: redis.url, backendPort };
}

/** @returns whether no candidate failed. */
async function compare(bench: Bench): Promise<boolean> {
  const { options, cores, load } = bench;
  const direct: Sample[] = [];
  const samples = new Map<string, Measured[]>();
  const skipped = new Map<string, string>();
  const leaveOut = (key: string, reason: string) => {
    // The turns of all have to stand beside each other.
    samples.delete(key);
    skipped.set(key, reason);
    say(`${key.padEnd(15)} left out: ${reason}`);
  };
  let good = true;
  const failed = (key: string, error: Error) => {
    bench.signal.throwIfAborted();
    good = false;
    leaveOut(key, error.message);
  };
  for (let round = 0; round < options.rounds; round += 1) {
    const running = new Map<string, Running>();
    try {
      for (const candidate of wantedOf(options)) {
        const { key } = candidate;
        if (skipped.has(key)) continue;
        const started = await start(candidate, bench).catch((error: Error) => failed(key, error));
        if (typeof started === 'string') leaveOut(key, started);
        else if (started !== undefined) running.set(key, started);
      }
      for (let turn = 0; turn < options.turns; turn += 1) {
        direct.push(await measureDirect(bench));
        for (const { key, measure } of inTurn([...running.values()], round + turn)) {
          if (skipped.has(key)) continue;
          const measured = await measure().catch((error: Error) => failed(key, error));
          if (measured === undefined) continue;
          samples.set(key, [...(samples.get(key) ?? []), measured]);
          const { requests, seconds } = measured.closed;
          const rate = (requests / seconds).toFixed(0);
          say(`round ${round + 1}.${turn + 1}  ${key.padEnd(15)} ${rate}/s`);
        }
      }
    } finally {
      for (const { stop } of running.values()) await stop();
    }
  }
  const all = CANDIDATES.flatMap(({ key, title }) => {
    const own = samples.get(key);
    return own === undefined ? [] : [{ key, title, samples: own }];
  });
  const figures = all.map((turns) => figuresOf(turns, direct));
  const ratios = BASES.map((key) => ratiosTo(key, all));
  const bars = barsOf(figures, ratios.flat());
  const ceiling = {
    requestsPerSecond: median(direct.map(({ closed }) => closed.requests / closed.seconds)),
    p50Ms: median(direct.map(({ open }) => open?.p50Ms ?? NaN)),
    p99Ms: median(direct.map(({ open }) => open?.p99Ms ?? NaN)),
  };
  say(`\n${figuresTable(figures)}`);
  for (const { key, note } of figures) say(`${key}: ${note}`);
  for (const [key, reason] of skipped) say(`${key}: left out, ${reason}`);
  say(
    `the backend itself: ${ceiling.requestsPerSecond.toFixed(0)} requests/s${options.rate === 0 ? '' : `; at ${options.rate}/s p50 ${ceiling.p50Ms.toFixed(2)} ms, p99 ${ceiling.p99Ms.toFixed(2)} ms`}\n`,
  );
  for (const table of [...ratios.map(ratiosTable), barsTable(bars)]) if (table !== '') say(table);
  const report = {
    at: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cores.description,
    load: load.program,
    options,
    backend: ceiling,
    figures,
    ratios: ratios.flat(),
    bars,
    skipped: Object.fromEntries(skipped),
    turns: { direct, ...Object.fromEntries(samples) },
  };
  await writeFile(options.out, `${JSON.stringify(report, undefined, 2)}\n`);
  say(`all figures: ${resolve(options.out)}`);
  return good;
}

/** Each turn begins with another candidate, so that none has always the same one before it. */
function inTurn<Value>(values: readonly Value[], turn: number): readonly Value[] {
  const first = turn % values.length;
  return [...values.slice(first), ...values.slice(0, first)];
}

function wantedOf({ only }: BenchOptions): typeof CANDIDATES {
  if (only === undefined) return CANDIDATES;
  const unknown = only.filter((key) => !CANDIDATES.some((candidate) => candidate.key === key));
  if (unknown.length > 0) throw new TypeError(`there is no candidate ${unknown.join(', ')}`);
  return CANDIDATES.filter(({ key }) => only.includes(key));
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
}
try {
  const options = readOptions(process.argv.slice(2));
  wantedOf(options);
  if (!(await main(options, interrupted.signal))) process.exitCode = 1;
} catch (error) {
  process.stderr.write(textOf(error));
  process.exitCode = 1;
}

function textOf(error: unknown): string {
  if (interrupted.signal.aborted) return `${(interrupted.signal.reason as Error).message}\n`;
  if (error instanceof TypeError) return `${error.message}\n\n${USAGE}`;
  return `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}
