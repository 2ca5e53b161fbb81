/** What the containers of a stack have used, as the engine counts it. */
import { docker } from '@woodytoys/infra/compose';
import { Agent, request } from 'undici';

/** Seconds of CPU since its start, by container; with the service that it is of. */
export type CpuTimes = ReadonlyMap<string, { readonly service: string; readonly seconds: number }>;

export interface ContainerTimes {
  read(): Promise<CpuTimes>;
  close(): Promise<void>;
}

/** Undefined where the engine is not asked over a socket of this machine. */
export async function containerTimes(project: string): Promise<ContainerTimes | undefined> {
  const host = await docker('context', 'inspect', '--format', '{{.Endpoints.docker.Host}}');
  if (!host.startsWith('unix://')) return undefined;
  const dispatcher = new Agent({ connect: { socketPath: host.slice('unix://'.length) } });

  async function ask<Answer>(path: string): Promise<Answer> {
    const { statusCode, body } = await request(`http://engine${path}`, { dispatcher });
    if (statusCode === 200) return (await body.json()) as Answer;
    throw new Error(`The engine answered ${statusCode} to ${path}: ${await body.text()}`);
  }

  return {
    async read() {
      const filters = { label: [`com.docker.compose.project=${project}`], status: ['running'] };
      const listed = await ask<readonly { Id: string; Labels: Record<string, string> }[]>(
        `/containers/json?filters=${encodeURIComponent(JSON.stringify(filters))}`,
      );
      const times = await Promise.all(
        listed.map(async ({ Id, Labels }) => {
          const stats = await ask<{ cpu_stats: { cpu_usage: { total_usage: number } } }>(
            `/containers/${Id}/stats?stream=false&one-shot=true`,
          );
          const service = Labels['com.docker.compose.service'] ?? Id;
          return [Id, { service, seconds: stats.cpu_stats.cpu_usage.total_usage / 1e9 }] as const;
        }),
      );
      return new Map(times);
    },
    close: () => dispatcher.close(),
  };
}

/** Cores by service between two readings; a container that was not there before began at 0. */
export function coresBetween(
  before: CpuTimes,
  after: CpuTimes,
  seconds: number,
): Readonly<Record<string, number>> {
  const cores: Record<string, number> = {};
  for (const [id, { service, seconds: used }] of after) {
    const since = used - (before.get(id)?.seconds ?? 0);
    cores[service] = (cores[service] ?? 0) + since / seconds;
  }
  return cores;
}
