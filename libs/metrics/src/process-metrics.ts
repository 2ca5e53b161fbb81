import {
  PerformanceObserver,
  constants,
  monitorEventLoopDelay,
  performance,
} from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { NodeGCPerformanceDetail, PerformanceEntry } from 'node:perf_hooks';
import type { Instruments } from './instruments.ts';

const GC_KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

// @types/node has no type yet for an entry with a detail.
type GcEntry = PerformanceEntry & { readonly detail: NodeGCPerformanceDetail };

const NANOSECONDS = 1e9;

/** Measures the process itself; `read` sets the gauges for a scrape. */
export function createProcessMetrics(instruments: Instruments): { read(): void; stop(): void } {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let utilization = performance.eventLoopUtilization();
  let cpu = process.cpuUsage();
  instruments.counter('cpu').inc({ mode: 'user' }, cpu.user / 1e6);
  instruments.counter('cpu').inc({ mode: 'system' }, cpu.system / 1e6);
  instruments.gauge('startTime').set(Math.round(performance.timeOrigin / 1000));

  const gc = instruments.counter('gcDuration');
  for (const kind of Object.values(GC_KINDS)) gc.inc({ kind }, 0);
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as GcEntry[]) {
      const { kind } = entry.detail;
      gc.inc({ kind: GC_KINDS[kind] ?? 'other' }, entry.duration / 1000);
    }
  });
  observer.observe({ entryTypes: ['gc'] });

  return {
    read() {
      const delayGauge = instruments.gauge('eventLoopDelay');
      delayGauge.set({ quantile: '0.5' }, delaySeconds(delay.percentile(50)));
      delayGauge.set({ quantile: '0.99' }, delaySeconds(delay.percentile(99)));
      delayGauge.set({ quantile: '1' }, delaySeconds(delay.max));
      delay.reset();

      const now = performance.eventLoopUtilization();
      const sinceLast = performance.eventLoopUtilization(now, utilization);
      instruments.gauge('eventLoopUtilization').set(sinceLast.utilization);
      utilization = now;

      const used = process.cpuUsage(cpu);
      instruments.counter('cpu').inc({ mode: 'user' }, used.user / 1e6);
      instruments.counter('cpu').inc({ mode: 'system' }, used.system / 1e6);
      cpu = process.cpuUsage();

      const heap = getHeapStatistics();
      instruments.gauge('heapUsed').set(heap.used_heap_size);
      instruments.gauge('heapLimit').set(heap.heap_size_limit);
      instruments.gauge('residentMemory').set(process.memoryUsage.rss());
    },
    stop() {
      delay.disable();
      observer.disconnect();
    },
  };
}

const RESOLUTION_MS = 20;

/** What a timer was late by: Node's histogram counts the timer's own period too. */
function delaySeconds(nanoseconds: number): number {
  // Before the first sample the histogram answers 0 or a number without meaning.
  const seconds = nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000;
  return Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
}
