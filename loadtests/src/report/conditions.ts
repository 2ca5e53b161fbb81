import type { LabData } from './data.ts';
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
  const leftOut = new Set(
    skipped.map(({ configuration, load, why }) => {
      const title = configurations[configuration]?.title ?? configuration;
      return `- ${title}, ${load}: ${why}`;
    }),
  );
  return [
    `\`${data.command}\`, from ${data.startedAt} to ${data.endedAt}: ${measurements.length} measurements, each step at most ${runs} times. The figures are medians of the repetitions; in parentheses the least and the most.`,
    markdownTable(
      ['what ran', 'settings', 'seconds of a measurement'],
      used.map(([name, { title, settings }]) => [
        title,
        Object.entries(settings)
          .map(([key, value]) => `${key}=${value}`)
          .join(', ') || 'as they are',
        lengths(data, name),
      ]),
    ),
    ...(limits.size === 0 ? [] : [`Limits per client: ${[...limits].join('; ')}.`]),
    ...(leftOut.size === 0 ? [] : [`Left out:\n\n${[...leftOut].join('\n')}`]),
  ].join('\n\n');
}

function lengths({ measurements }: LabData, name: string): string {
  const seconds = measurements
    .filter(({ configuration }) => configuration === name)
    .map((each) => each.seconds);
  const [least, most] = [Math.min(...seconds), Math.max(...seconds)].map(Math.round);
  return least === most ? String(least) : `${least}–${most}`;
}

export function machineSection({ machine, versions, revision, measurements }: LabData): string {
  const k6 = measurements.find((each) => each.k6 !== undefined)?.k6?.k6;
  const rows = [
    ['processor', `${machine.model}, ${machine.cores} cores, shared by all that ran and by k6`],
    ['memory', `${numberText(machine.memoryGiB)} GiB`],
    ['system', machine.kernel],
    ['load before the first measurement', machine.loadBefore.toFixed(2)],
    ['this repository', revision],
    ['Node (the lab)', machine.node],
    ...(k6 === undefined ? [] : [['k6', k6]]),
    ...(machine.engine === undefined ? [] : [['Docker Engine', machine.engine]]),
    ...Object.entries(versions),
  ];
  return markdownTable(['what', 'which'], rows);
}
