import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { docker } from '@woodytoys/infra/compose';

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
