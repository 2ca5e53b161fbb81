import { CATALOGUE } from './catalogue.ts';
import type { MetricDefinition } from './catalogue.ts';

/** The catalogue as a Markdown table, for the reference. */
export function metricsMarkdown(): string {
  const rows = Object.values<MetricDefinition>(CATALOGUE).map(
    ({ name, kind, unit, labels, help }) =>
      `| \`${name}\` | ${kind} | ${unit} | ${labels.map((label) => `\`${label}\``).join(', ') || '–'} | ${help} |`,
  );
  return ['| metric | kind | unit | labels | meaning |', '|---|---|---|---|---|', ...rows, ''].join(
    '\n',
  );
}
