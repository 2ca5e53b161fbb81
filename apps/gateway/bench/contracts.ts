/**
 * Contracts at scale: `node apps/gateway/bench/contracts.ts [--rounds 5]`. 1,500 operations of 50
 * contracts whose calls are checked: how long a gateway's own process takes to load them, as the
 * image's bundle and as source, what
 * memory it needs before and after all were called, how many validators it has compiled, what the
 * first call of an operation costs beside the second, and what finding a route costs among 30, 300
 * and 1,500. It prints figures and bars, and asserts nothing.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { makeBundle, watchGateway } from './contracts/gateway-process.ts';
import type { Seen } from './contracts/gateway-process.ts';
import { measureMatching } from './contracts/matching.ts';
import { count } from './operations.ts';
import { barsTable } from './print.ts';
import type { Bar } from './report.ts';
import { spread } from './statistics.ts';

const MEGABYTE = 1_000_000;
const say = (text: string) => process.stdout.write(`${text}\n`);

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const bars: Bar[] = [];
const bar = (what: string, most: number, unit: string, measured: number) =>
  bars.push({ what, wanted: `≤ ${most} ${unit}`.trim(), measured, met: measured <= most });

function sayProcess(rounds: readonly Seen[]): void {
  const row = (label: string, unit: string, value: (seen: Seen) => number) => {
    const { median, min, max } = spread(rounds.map(value));
    say(`  ${label.padEnd(34)} ${figure(median)} ${unit} (${figure(min)}–${figure(max)})`);
  };
  row('load', 'ms', ({ loadMs }) => loadMs);
  row('validators after one request', '', ({ before }) => before.validators);
  row('validators after all', '', ({ after }) => after.validators);
  row('memory after one request', 'MB', ({ before }) => before.rss / MEGABYTE);
  row('memory after all', 'MB', ({ after }) => after.rss / MEGABYTE);
  for (const which of ['first', 'second'] as const) {
    row(`${which} call, p50`, 'ms', (seen) => seen[which].p50);
    row(`${which} call, p99`, 'ms', (seen) => seen[which].p99);
    row(`${which} call, longest`, 'ms', (seen) => seen[which].max);
  }
}

function figure(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toFixed(2);
}

say(`load of the machine ${loadavg()[0]?.toFixed(1)}`);
await makeBundle();
for (const [program, format] of [
  ['bundle', 'json'],
  ['source', 'json'],
  ['bundle', 'yaml'],
] as const) {
  const rounds: Seen[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    rounds.push(await watchGateway(program, format));
  }
  say(
    `${count()} operations, contracts in ${format.toUpperCase()}, ${rounds.length} processes of the ${program}`,
  );
  sayProcess(rounds);
  if (program === 'source' || format === 'yaml') continue;
  bar('load from JSON', 500, 'ms', spread(rounds.map(({ loadMs }) => loadMs)).median);
  const before = rounds.map(({ before: { rss } }) => rss / MEGABYTE);
  bar('memory before use', 150, 'MB', spread(before).max);
  const compiled = rounds.map(({ before: { validators } }) => validators);
  bar('validators after one request', 1, '', spread(compiled).max);
}

say('finding a route, in ns; as ratio to the smallest table');
const matching = measureMatching();
const [least] = matching;
for (const { operations, sameNs, allNs } of matching) {
  const ratio = (ns: number, of = NaN) => `${ns.toFixed(0)} ns, ${(ns / of).toFixed(2)}`;
  say(
    `  ${String(operations).padStart(5)} operations: the same 30 ${ratio(sameNs, least?.sameNs)}; each of them in turn ${ratio(allNs, least?.allNs)}`,
  );
}
const most = matching.at(-1);
bar(
  'match among all to match among 30',
  1.2,
  'times',
  (most?.sameNs ?? NaN) / (least?.sameNs ?? NaN),
);
say('');
process.stdout.write(barsTable(bars));
