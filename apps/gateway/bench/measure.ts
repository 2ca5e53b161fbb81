import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@woodytoys/testing/ports';
import type { Candidate } from './candidates/index.ts';
import type { Identity } from './identity.ts';
import type { Load, LoadResult, Target } from './load/index.ts';
import type { BenchOptions } from './options.ts';
import { startProcess } from './processes.ts';
import type { Cores } from './programs.ts';
import { usageOf } from './usage.ts';

/** The same for every candidate. */
export interface Bench {
  readonly options: BenchOptions;
  readonly cores: Cores;
  readonly load: Load;
  readonly identity: Identity;
  readonly redisUrl: string | undefined;
  readonly backendPort: number;
  /** For configurations and logs. */
  readonly directory: string;
  /** Ends what runs; measuring then rejects. */
  readonly signal: AbortSignal;
}

/** One turn of one candidate. */
export interface Sample {
  readonly closed: LoadResult;
  /** Undefined when the rate is 0. */
  readonly open: LoadResult | undefined;
  /** Microseconds on a core for each request of the closed load; NaN where it is not known. */
  readonly cpuMicros: number;
  /** Bytes after the loads. */
  readonly pss: number;
  readonly rss: number;
}

export interface Measured extends Sample {
  readonly note: string;
}

/** A candidate that is started and warm. */
export interface Running {
  readonly key: string;
  /** Takes both loads. Rejects when it answers anything but 2xx. */
  measure(): Promise<Measured>;
  stop(): Promise<void>;
}

/** What every request asks for. */
const PATH = '/items/42?limit=20';

/**
 * Starts a candidate and warms it up.
 * @returns why it cannot be started here, if so.
 * @throws Error when it does not answer, or answers with anything but 2xx (rejection).
 */
export async function start(candidate: Candidate, bench: Bench): Promise<Running | string> {
  const { key } = candidate;
  const { cores, identity, signal, options } = bench;
  const directory = join(bench.directory, key);
  await mkdir(directory, { recursive: true });
  const port = await freePort();
  const launch = await candidate.launch({
    ...bench,
    directory,
    port,
    privatePort: await freePort(),
  });
  if (typeof launch === 'string') return launch;
  const { command, env, note } = launch;
  const started = await startProcess(cores.candidate(command), {
    ...(env && { env }),
    output: join(directory, 'output.log'),
    url: `http://127.0.0.1:${port}${PATH}`,
    headers: { authorization: `Bearer ${identity.tokens[0]}` },
    signal,
  });
  await bench.load.withoutPause(targetAt(port, bench), options.warmUpSeconds);
  return {
    key,
    async measure() {
      const sample = await runLoads(key, port, bench, () => usageOf(started.pid));
      const { pss, rss } = await usageOf(started.pid);
      return { ...sample, pss, rss, note };
    },
    stop: () => started.stop(),
  };
}

/** The same loads on the backend itself: what no candidate can be better than. */
export async function measureDirect(bench: Bench): Promise<Sample> {
  const nothing = async () => ({ cpuMs: NaN });
  return {
    ...(await runLoads('backend', bench.backendPort, bench, nothing)),
    pss: NaN,
    rss: NaN,
  };
}

async function runLoads(
  key: string,
  port: number,
  bench: Bench,
  usage: () => Promise<{ readonly cpuMs: number }>,
): Promise<Pick<Sample, 'closed' | 'open' | 'cpuMicros'>> {
  const { load, options, directory } = bench;
  // A candidate that answers errors fast must not look fast.
  const check = (result: LoadResult): LoadResult => {
    const { requests, failures } = result;
    if (requests > 0 && failures === 0) return result;
    const log = join(directory, key, 'output.log');
    throw new Error(`it failed ${failures} of ${requests} requests; ${log} may say why`);
  };
  const target = targetAt(port, bench);
  const before = await usage();
  const closed = check(await load.withoutPause(target, options.seconds));
  const after = await usage();
  const cpuMicros = ((after.cpuMs - before.cpuMs) * 1000) / closed.requests;
  if (options.rate === 0) return { closed, open: undefined, cpuMicros };
  const open = check(await load.atRate(target, options.seconds, options.rate));
  return { closed, open, cpuMicros };
}

function targetAt(port: number, { identity }: Bench): Target {
  return { port, path: PATH, tokens: identity.tokens };
}
