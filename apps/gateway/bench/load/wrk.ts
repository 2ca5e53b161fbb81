import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Cores } from '../programs.ts';
import type { LoadResult, Target } from './load.ts';

const run = promisify(execFile);

interface WrkOptions {
  readonly program: string;
  readonly cores: Cores;
  readonly directory: string;
  readonly connections: number;
  readonly signal: AbortSignal;
}

/** Each connection asks again as soon as it has its answer; one thread of wrk. */
export async function loadWithWrk(
  { port, path, tokens }: Target,
  seconds: number,
  { program, cores, directory, connections, signal }: WrkOptions,
): Promise<LoadResult> {
  const script = join(directory, 'wrk.lua');
  await writeFile(script, luaScript(path, tokens));
  const [command, ...args] = cores.rest([
    program,
    ...['--threads', '1', '--connections', String(connections)],
    ...['--duration', `${seconds}s`, '--script', script],
    `http://127.0.0.1:${port}`,
  ]);
  const { stdout } = await run(command, args, { signal });
  const last = stdout.trim().split('\n').at(-1) as string;
  return JSON.parse(last) as LoadResult;
}

function luaScript(path: string, tokens: readonly string[]): string {
  return `local tokens = { ${tokens.map((token) => `"${token}"`).join(', ')} }
local requests = {}
local turn = 0
function init(args)
  for i, token in ipairs(tokens) do
    requests[i] = wrk.format("GET", "${path}", { ["Authorization"] = "Bearer " .. token })
  end
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%f,"failures":%d,"p50Ms":%f,"p99Ms":%f}\\n',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
`;
}
