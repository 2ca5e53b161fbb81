import { execFile } from 'node:child_process';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { docker } from '@woodytoys/infra/compose';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What figures were measured on: they mean something beside it alone. */
export interface Machine {
  readonly cores: number;
  readonly model: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  /** Processes that ran or waited in the minute before the first measurement. */
  readonly loadBefore: number;
  readonly node: string;
  readonly engine?: string;
}

export async function describeMachine(): Promise<Machine> {
  const all = cpus();
  const engine = await docker('version', '--format', '{{.Server.Version}}').catch(() => undefined);
  return {
    cores: all.length,
    model: all[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round((totalmem() / 1024 ** 3) * 10) / 10,
    kernel: `${platform()} ${release()}`,
    loadBefore: loadavg()[0] ?? 0,
    node: process.version,
    ...(engine !== undefined && { engine }),
  };
}

/** The commit that was measured, with a mark where files differ from it; "unknown" without git. */
export async function revision(): Promise<string> {
  try {
    const { stdout: commit } = await run('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root });
    const { stdout: changes } = await run('git', ['status', '--porcelain'], { cwd: root });
    return commit.trim() + (changes.trim() === '' ? '' : ' with changes that are not committed');
  } catch {
    return 'unknown';
  }
}
