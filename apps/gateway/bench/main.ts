/**
 * The gateway beside its peers in one run: `npm run bench`. It prints ratios and writes figures;
 * nothing here passes or fails, since machines differ. docs/gateway/bench.md says how it measures.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CANDIDATES } from './candidates/index.ts';
import { createIdentity } from './identity.ts';
import { createLoad } from './load/index.ts';
import { measure, measureDirect } from './measure.ts';
import type { Bench, Measured, Sample } from './measure.ts';
import { USAGE, readOptions } from './options.ts';
import type { BenchOptions } from './options.ts';
import { barsTable, figuresTable, ratiosTable } from './print.ts';
import { freePort, startProcess } from './processes.ts';
import { chooseCores } from './programs.ts';
import { startRedis } from './redis.ts';
import { barsOf, figuresOf, ratiosTo } from './report.ts';
import { median } from './statistics.ts';

/** Tokens in use, so that no candidate lives on a cache of one. */
const USERS = 100;
/** What the others are compared with, and the further ones that a bar speaks of. */
const BASES = ['fastify', 'middleware'];

const say = (text: string) => process.stdout.write(`${text}\n`);

async function main(options: BenchOptions): Promise<void> {
  const cores = await chooseCores();
  const directory = await mkdtemp(join(tmpdir(), 'gateway-bench-'));
  const identity = await createIdentity(USERS);
  const redis = await startRedis(options.redis, cores);
  const backendPort = await freePort();
  const backendFile = fileURLToPath(new URL('backend.ts', import.meta.url));
  const backend = await startProcess(
    cores.rest([process.execPath, backendFile, String(backendPort)]),
    { output: join(directory, 'backend.log'), url: `http://127.0.0.1:${backendPort}` },
  );
  const load = await createLoad({ cores, connections: options.connections, directory });
  const bench = { options, cores, load, identity, redisUrl: redis.url, backendPort, directory };
  say(`Node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores; ${cores.description}`);
  say(
    `${options.connections} connections of ${load.program}, then ${options.rate} requests/s of the bench's own; ${options.rounds} rounds of ${options.seconds} s\n`,
  );
  try {
    await compare(bench);
    await rm(directory, { recursive: true, force: true });
  } finally {
    await backend.stop();
    await redis.stop();
    identity.close();
  }
}

async function compare(bench: Bench): Promise<void> {
  const { options, cores, load } = bench;
  const direct: Sample[] = [];
  const samples = new Map<string, Measured[]>();
  const skipped = new Map<string, string>();
  for (let round = 0; round < options.rounds; round += 1) {
    direct.push(await measureDirect(bench));
    for (const candidate of inTurn(wantedOf(options), round)) {
      if (skipped.has(candidate.key)) continue;
      const measured = await measure(candidate, bench);
      if (typeof measured === 'string') {
        skipped.set(candidate.key, measured);
        continue;
      }
      samples.set(candidate.key, [...(samples.get(candidate.key) ?? []), measured]);
      const { requests, seconds } = measured.closed;
      say(`round ${round + 1}  ${candidate.key.padEnd(12)}${(requests / seconds).toFixed(0)}/s`);
    }
  }
  const all = CANDIDATES.flatMap(({ key, title }) => {
    const own = samples.get(key);
    return own === undefined ? [] : [{ key, title, samples: own }];
  });
  const figures = all.map((rounds) => figuresOf(rounds, direct));
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
    `the backend itself: ${ceiling.requestsPerSecond.toFixed(0)} requests/s; at ${options.rate}/s p50 ${ceiling.p50Ms.toFixed(2)} ms, p99 ${ceiling.p99Ms.toFixed(2)} ms\n`,
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
    rounds: { direct, ...Object.fromEntries(samples) },
  };
  await writeFile(options.out, `${JSON.stringify(report, undefined, 2)}\n`);
  say(`all figures: ${resolve(options.out)}`);
}

/** Each round begins with another candidate, so that none has always the same one before it. */
function inTurn<Value>(values: readonly Value[], round: number): readonly Value[] {
  const first = round % values.length;
  return [...values.slice(first), ...values.slice(0, first)];
}

function wantedOf({ only }: BenchOptions): typeof CANDIDATES {
  if (only === undefined) return CANDIDATES;
  const unknown = only.filter((key) => !CANDIDATES.some((candidate) => candidate.key === key));
  if (unknown.length > 0) throw new TypeError(`there is no candidate ${unknown.join(', ')}`);
  return CANDIDATES.filter(({ key }) => only.includes(key));
}

try {
  const options = readOptions(process.argv.slice(2));
  wantedOf(options);
  await main(options);
} catch (error) {
  const mistake = error instanceof TypeError;
  process.stderr.write(
    mistake
      ? `${error.message}\n\n${USAGE}`
      : `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
