import { availableParallelism, loadavg } from 'node:os';
import { barsTable } from '../print.ts';
import type { Bar } from '../report.ts';
import type { ClientResult, StatusResult } from './client.ts';

export const say = (text: string) => process.stdout.write(`${text}\n`);

/** What else this machine does shows in the figures. */
export function sayMachine(): void {
  const load = loadavg().map((value) => value.toFixed(1));
  say(`Node ${process.version}, ${availableParallelism()} cores, load average ${load.join(' ')}\n`);
}

/** One line for each status. */
export function sayResult(label: string, byStatus: ClientResult[string] = {}): void {
  for (const [status, { perSecond, p50Ms, p99Ms, maxMs, count }] of Object.entries(byStatus)) {
    say(
      `  ${label.padEnd(24)} ${status.padEnd(5)} ${perSecond.toFixed(0).padStart(5)}/s (${count})  p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(1)} ms`,
    );
  }
}

/** The sum of a figure over the statuses that are not among `but`. */
export function countBut(byStatus: ClientResult[string] = {}, but: readonly string[] = []): number {
  const counted = Object.entries(byStatus).filter(([status]) => !but.includes(status));
  return counted.reduce((sum, [, { count }]) => sum + count, 0);
}

/** Of a status that did not occur: none, in no time. */
export function resultOf(byStatus: ClientResult[string] = {}, status = '200'): StatusResult {
  return (
    byStatus[status] ?? { count: 0, perSecond: 0, p50Ms: 0, p99Ms: 0, maxMs: 0, retryAfter: 0 }
  );
}

export function atLeast(what: string, least: number, measured: number): Bar {
  return { what, wanted: `≥ ${Number(least.toFixed(1))}`, measured, met: measured >= least };
}

export function atMost(what: string, most: number, measured: number): Bar {
  return { what, wanted: `≤ ${most}`, measured, met: measured <= most };
}

/** Prints what was wanted and measured; the process ends with 1 when a bar was missed. */
export function sayVerdict(bars: readonly Bar[]): void {
  say(`\n${barsTable(bars)}`);
  if (!bars.every(({ met }) => met)) process.exitCode = 1;
}
