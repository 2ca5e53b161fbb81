import type { Measurement } from '../lab/lab.ts';
import type { LabData, Source } from './data.ts';
import { fixedWorkOf, fixedWorkText } from './fixed-work.ts';
import { markdownTable } from './markdown.ts';
import { numberText } from './numbers.ts';

/** What was run, so that the figures can be judged and measured again. */
export function ranSection(data: LabData): string {
  const { measurements, configurations, skipped } = data;
  const used = Object.entries(configurations).filter(([name]) =>
    measurements.some(({ configuration }) => configuration === name),
  );
  const runs = Math.max(0, ...measurements.map(({ run }) => run));
  const limits = new Set(measurements.flatMap(({ k6 }) => (k6 ? [k6.rateLimit] : [])));
  return [
    `\`${data.command}\`, from ${data.startedAt} to ${data.endedAt}: ${measurements.length} measurements, each step at most ${runs} times. The figures are medians of the repetitions; in parentheses the least and the most.`,
    ...(data.sources === undefined ? [] : [sourcesText(data.sources)]),
    ...(measurements.some(({ warmUpSeconds }) => warmUpSeconds !== undefined)
      ? [
          'The warm-up is the same load before a measurement, and does not count: what is measured are programs that are compiled and caches that are filled, as in a system that has run for a while.',
        ]
      : []),
    markdownTable(
      ['what ran', 'settings', 'seconds of warm-up', 'seconds of a measurement'],
      used.map(([name, { title, settings }]) => [
        title,
        Object.entries(settings)
          .map(([key, value]) => `${key}=${value}`)
          .join(', ') || 'as they are',
        warmUps(measurements.filter(({ configuration }) => configuration === name)),
        lengths(data, name),
      ]),
    ),
    ...(limits.size === 0 ? [] : [`Limits per client: ${[...limits].join('; ')}.`]),
    ...(skipped.length === 0 ? [] : [`Left out:\n\n${leftOut(data)}`]),
  ].join('\n\n');
}

/** When each part was measured, and of which commit. */
function sourcesText(sources: readonly Source[]): string {
  const rows = sources.map((source) => [
    source.parts.join(', '),
    `\`${source.command}\``,
    source.revision,
    source.startedAt,
    source.endedAt,
    source.loadBefore.toFixed(2),
  ]);
  return [
    `Put together of ${sources.length} runs on one machine.` +
      (new Set(sources.map(({ revision }) => revision)).size > 1
        ? ' Their commits differ, but what runs is the same in all of them: the fingerprint below is of every file that a measurement runs.'
        : ''),
    markdownTable(['parts', 'command', 'commit', 'from', 'to', 'load before'], rows),
  ].join('\n\n');
}

/** Those that were left out for the same reason in one line. */
function leftOut({ skipped, configurations }: LabData): string {
  const loads = new Map<string, Set<string>>();
  const reasons = new Map<string, { readonly title: string; readonly why: string }>();
  for (const { configuration, load, why } of skipped) {
    const title = configurations[configuration]?.title ?? configuration;
    const key = JSON.stringify([title, why]);
    reasons.set(key, { title, why });
    loads.set(key, (loads.get(key) ?? new Set()).add(load));
  }
  return [...reasons]
    .map(([key, { title, why }]) => `- ${title}, ${[...(loads.get(key) ?? [])].join(', ')}: ${why}`)
    .join('\n');
}

/** "10", or "30, then 10" where the first measurement of a start, of cold programs, has a longer one. */
function warmUps(measurements: readonly Measurement[]): string {
  const seconds = measurements
    .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
    .flatMap(({ warmUpSeconds }) => (warmUpSeconds === undefined ? [] : [warmUpSeconds]));
  return [...new Set(seconds)].join(', then ') || '–';
}

function lengths({ measurements }: LabData, name: string): string {
  const seconds = measurements
    .filter(({ configuration }) => configuration === name)
    .map((each) => each.seconds);
  const [least, most] = [Math.min(...seconds), Math.max(...seconds)].map(Math.round);
  return least === most ? String(least) : `${least}–${most}`;
}

export function machineSection(data: LabData): string {
  const { machine, versions, revision, system, measurements } = data;
  const k6 = measurements.find((each) => each.k6 !== undefined)?.k6?.k6;
  const fixedWork = fixedWorkOf(measurements);
  const rows = [
    ['processor', `${machine.model}, ${machine.cores} cores, shared by all that ran and by k6`],
    ['memory', `${numberText(machine.memoryGiB)} GiB`],
    ['system', machine.kernel],
    ['load before the first measurement', machine.loadBefore.toFixed(2)],
    ...(fixedWork.count === 0
      ? []
      : [['a fixed work on one core, before each measurement', fixedWorkText(fixedWork)]]),
    ['this repository', revision],
    ...(system === undefined ? [] : [['fingerprint of what ran', system]]),
    ['Node (the lab)', machine.node],
    ...(k6 === undefined ? [] : [['k6', k6]]),
    ...(machine.engine === undefined ? [] : [['Docker Engine', machine.engine]]),
    ...Object.entries(versions),
  ];
  return markdownTable(['what', 'which'], rows);
}
