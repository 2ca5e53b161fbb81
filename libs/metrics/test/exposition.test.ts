import { describe, expect, it } from 'vitest';
import { createRegistry } from './support.ts';

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
/** What Prometheus 3 sends. */
const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,' +
  'application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,' +
  'text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

const slow = 'a'.repeat(32);
const fast = 'b'.repeat(32);

function observed() {
  const registry = createRegistry();
  const { http, cache } = registry.service('user');
  const observe = (durationSeconds: number, traceId?: string) =>
    http.observe({ method: 'GET', route: '/users/{id}', status: 200, durationSeconds, traceId });
  observe(0.3, slow);
  observe(0.001, 'c'.repeat(32));
  observe(0.002, fast);
  observe(0.003);
  cache.miss('user');
  return registry;
}

describe('the exposition', () => {
  it.each([
    [undefined, false],
    ['*/*', false],
    ['text/plain', false],
    ['application/openmetrics-text', true],
    [PROMETHEUS, true],
    ['application/openmetrics-text;q=0.1, text/plain;q=0.9', false],
    ['application/openmetrics-text;q=0', false],
  ])('for the header accept: %s is OpenMetrics: %s', async (accept, wanted) => {
    const { contentType, body } = await observed().expose(accept);
    expect(contentType === OPEN_METRICS).toBe(wanted);
    expect(contentType.startsWith('text/plain')).toBe(!wanted);
    expect(body.endsWith('# EOF\n')).toBe(wanted);
  });

  it('has the last traced request of each bucket as its exemplar, in OpenMetrics alone', async () => {
    const registry = observed();
    const { body } = await registry.expose(PROMETHEUS);
    const exemplars = body
      .split('\n')
      .filter((line) => line.includes(' # '))
      .map((line) =>
        /le="([^"]+)".* # \{trace_id="(\w+)"\} (\S+) (\d+\.?\d*)$/.exec(line)?.slice(1),
      );
    expect(exemplars.map((exemplar) => exemplar?.slice(0, 3))).toEqual([
      ['0.005', fast, '0.002'],
      ['0.5', slow, '0.3'],
    ]);
    for (const exemplar of exemplars) {
      expect(Math.abs(Number(exemplar?.[3]) - Date.now() / 1000)).toBeLessThan(60);
    }
    expect((await registry.expose()).body).not.toContain('trace_id');
  });

  it('names a counter as each format does, in whatever order they are asked for', async () => {
    const registry = observed();
    const sample = 'cache_misses_total{service="user",namespace="user"} 1';
    for (const accept of ['text/plain', PROMETHEUS, 'text/plain', PROMETHEUS]) {
      const { body } = await registry.expose(accept);
      const type = accept === PROMETHEUS ? 'cache_misses' : 'cache_misses_total';
      expect(body).toContain(`# TYPE ${type} counter\n`);
      expect(body).toContain(`\n${sample}\n`);
    }
  });
});
