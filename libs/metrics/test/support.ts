import { onTestFinished } from 'vitest';
import { createMetricsRegistry } from '../src/index.ts';
import type { MetricsRegistry, MetricsRegistryOptions } from '../src/index.ts';

/** A registry that is closed when the test ends. */
export function createRegistry(
  options: MetricsRegistryOptions = { defaultMetrics: false },
): MetricsRegistry {
  const registry = createMetricsRegistry(options);
  onTestFinished(() => registry.close());
  return registry;
}

/** One line of an exposition. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the Prometheus text format strictly: any line that is not of it is an error. */
export function parseExposition(body: string): { samples: Sample[]; types: Map<string, string> } {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  for (const line of body.split('\n')) {
    if (line === '' || /^# HELP [a-z_]+ \S/.test(line)) continue;
    const type = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line);
    if (type) {
      types.set(type[1] as string, type[2] as string);
      continue;
    }
    const sample = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!sample) throw new Error(`Not of the text format: ${line}`);
    const labels = [...(sample[2] ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
    if (labels.map(([text]) => text).join('') !== (sample[2] ?? '')) {
      throw new Error(`Labels not of the text format: ${line}`);
    }
    samples.push({
      name: sample[1] as string,
      labels: Object.fromEntries(labels.map(([, name, value]) => [name, value])),
      value: Number(sample[3]),
    });
  }
  return { samples, types };
}

/** The samples of one name, each as `label=value … → value`. */
export async function read(registry: MetricsRegistry, name: string): Promise<string[]> {
  const { body } = await registry.expose();
  return parseExposition(body)
    .samples.filter((sample) => sample.name === name)
    .map(({ labels, value }) =>
      [...Object.entries(labels).map(([label, text]) => `${label}=${text}`), value].join(' '),
    );
}
