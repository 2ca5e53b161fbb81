import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url);
const text = (path: string): string => readFileSync(fileURLToPath(new URL(path, root)), 'utf8');
const yaml = <Document>(path: string): Document => parse(text(path), { merge: true }) as Document;

interface Service {
  readonly image?: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks?: readonly string[];
  readonly volumes?: readonly string[];
  readonly command?: readonly string[];
}

/** What the collector and Jaeger, which is built of its parts, are configured by. */
interface CollectorConfig {
  readonly receivers: {
    readonly otlp: { readonly protocols: Readonly<Record<string, { readonly endpoint: string }>> };
  };
  readonly processors: Readonly<Record<string, unknown>>;
  readonly exporters: Readonly<Record<string, { readonly endpoint?: string }>>;
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly service: {
    readonly extensions?: readonly string[];
    readonly pipelines: Readonly<
      Record<string, Readonly<Record<'receivers' | 'processors' | 'exporters', readonly string[]>>>
    >;
  };
}

const { services } = yaml<{ services: Readonly<Record<string, Service>> }>('docker-compose.yml');
const collector = yaml<CollectorConfig>('infra/tracing/collector.yaml');
const jaeger = yaml<CollectorConfig>('infra/tracing/jaeger.yaml');
const switchedOn = parseEnv(text('infra/tracing/tracing.env'));
const portOf = (endpoint: string | undefined) => endpoint?.split(':').at(-1);

/** Neither image can be had everywhere: what can be said without them is said here. */
describe('the tracing profile', () => {
  it('adds the collector and Jaeger, at versions of their own, and nothing without it does', () => {
    const optional = Object.entries(services).filter(([, { profiles }]) => profiles !== undefined);
    expect(optional.map(([name]) => name).sort()).toEqual(['jaeger', 'otel-collector']);
    for (const [, { profiles, image }] of optional) {
      expect(profiles).toEqual([switchedOn['COMPOSE_PROFILES']]);
      expect(image).toMatch(/:\d+\.\d+\.\d+$/);
    }
  });

  it('tells every process of ours where the collector listens', () => {
    const { hostname, port } = new URL(switchedOn['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '');
    expect(services[hostname]).toBeDefined();
    expect(portOf(collector.receivers.otlp.protocols['http']?.endpoint)).toBe(port);
    const ours = Object.entries(services).filter(([, { image }]) =>
      image?.startsWith('woodytoys/'),
    );
    expect(ours.length).toBeGreaterThanOrEqual(5);
    for (const [name, { environment, networks }] of ours) {
      expect([name, environment?.['OTEL_EXPORTER_OTLP_ENDPOINT']]).toEqual([
        name,
        '${OTEL_EXPORTER_OTLP_ENDPOINT:-}',
      ]);
      expect(networks).toEqual(expect.arrayContaining(services[hostname]?.networks as string[]));
    }
  });

  it('leads from the collector to Jaeger', () => {
    const target = collector.exporters['otlp_grpc']?.endpoint ?? '';
    expect(services[target.split(':')[0] ?? '']).toBeDefined();
    expect(portOf(jaeger.receivers.otlp.protocols['grpc']?.endpoint)).toBe(portOf(target));
  });

  it.each([
    ['otel-collector', 'infra/tracing/collector.yaml', collector],
    ['jaeger', 'infra/tracing/jaeger.yaml', jaeger],
  ] as const)('configures %s with parts that are all there', (name, file, config) => {
    const { volumes = [], command = [] } = services[name] ?? {};
    const inside = command[0]?.split('=')[1];
    expect(volumes).toContain(`./${file}:${inside}:ro`);
    for (const pipeline of Object.values(config.service.pipelines)) {
      for (const kind of ['receivers', 'processors', 'exporters'] as const) {
        expect(Object.keys(config[kind])).toEqual(expect.arrayContaining([...pipeline[kind]]));
      }
    }
    expect(Object.keys(config.extensions ?? {})).toEqual(config.service.extensions ?? []);
  });
});
