import { afterEach, describe, expect, it } from 'vitest';
import { createMetricsRegistry } from '../src/index.ts';
import type { MetricsRegistry } from '../src/index.ts';

let registry: MetricsRegistry;
afterEach(() => registry.close());

describe('spans that are lost', () => {
  it('are counted from 0 on by reason once there are traces, and there is no such series before', async () => {
    registry = createMetricsRegistry({ defaultMetrics: false });
    const lines = async () =>
      (await registry.expose()).body.split('\n').filter((line) => /^trace_spans/.test(line));
    expect(await lines()).toEqual([]);
    const dropped = registry.droppedSpans();
    dropped(3, 'export_failed');
    expect(await lines()).toEqual([
      'trace_spans_dropped_total{reason="queue_full"} 0',
      'trace_spans_dropped_total{reason="export_failed"} 3',
    ]);
  });
});
