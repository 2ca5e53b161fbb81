import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createMetricsRegistry } from '@woodytoys/metrics';
import { ConfigurationError, readConfig } from '@woodytoys/service';
import { createTestLogger, startTraceReceiver } from '@woodytoys/testing';
import { describe, expect, it } from 'vitest';
import { openTraces, traceConfig } from '../src/index.ts';

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

/** What of OpenTelemetry's SDK a process has loaded that was started with this environment. */
async function loadedWith(environment: Readonly<Record<string, string>>): Promise<string[]> {
  const program = ['--import', fixture('loaded-modules.ts'), fixture('open-traces.ts')];
  const { stdout } = await promisify(execFile)(process.execPath, program, {
    env: { PATH: process.env['PATH'], ...environment },
  });
  return JSON.parse(stdout) as string[];
}

async function opened(environment: Readonly<Record<string, string>>) {
  const registry = createMetricsRegistry({ defaultMetrics: false });
  const log = createTestLogger();
  const settings = readConfig(traceConfig, environment);
  const traces = await openTraces({ settings, version: '1', log, registry });
  return { traces, registry };
}

describe('traces', () => {
  it('are nothing without an address: no port, no metric, and not a module of the SDK', async () => {
    const { traces, registry } = await opened({ OTEL_TRACES_SAMPLER: 'always_on' });
    expect(traces).toBeUndefined();
    expect((await registry.expose()).body).not.toContain('trace_spans');
    expect(await loadedWith({})).toEqual([]);
    expect(await loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toEqual([]);
    // With one they are there, so the look for them is a look.
    expect(await loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })).not.toEqual([]);
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', ''],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', '/'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', '/v1/traces'],
  ])('go to %s%s', async (name, path) => {
    const receiver = await startTraceReceiver();
    const { traces } = await opened({ [name]: receiver.endpoint + path });
    traces?.service('shop').begin('in', 'server', undefined).end();
    await traces?.close();
    expect(receiver.spans).toHaveLength(1);
    await receiver.close();
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'grpc://collector:4317'],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
    ['OTEL_TRACES_SAMPLER_ARG', 'all'],
  ])('are refused with %s=%s, by name', (name, value) => {
    const read = () => readConfig(traceConfig, { [name]: value });
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(`${name}: expected `);
  });
});
