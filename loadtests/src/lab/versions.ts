import { query } from '@woodytoys/infra/prometheus';
import type { Running } from './lab.ts';

/** Metrics that tell a server's version, and the label that has it. */
const TOLD = [
  { name: 'RabbitMQ', metric: 'rabbitmq_build_info', label: 'rabbitmq_version' },
  { name: 'Redis', metric: 'redis_instance_info', label: 'redis_version' },
  { name: 'Prometheus', metric: 'prometheus_build_info', label: 'version' },
] as const;

/** The servers of a stack, by name. One that does not tell is left out: a report can do without. */
export async function versionsOf({
  stack,
  prometheus,
}: Running): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  if (stack === undefined || prometheus === undefined) return found;
  const said = async (name: string, work: Promise<string | undefined>) => {
    const version = await work.catch(() => undefined);
    if (version) found[name] = version;
  };
  await said('PostgreSQL', stack.exec('postgres', 'postgres', '--version').then(number));
  await said('nginx', stack.exec('nginx', 'sh', '-c', 'nginx -v 2>&1').then(number));
  await said('Node (services)', stack.exec('gateway', 'node', '--version'));
  for (const { name, metric, label } of TOLD) {
    await said(
      name,
      query(prometheus, metric).then(([sample]) => sample?.labels[label]),
    );
  }
  return found;
}

const number = (text: string) => /\d+(\.\d+)+/.exec(text)?.[0];
