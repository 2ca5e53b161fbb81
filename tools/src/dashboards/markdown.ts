import { code, table } from '../reference/table.ts';
import { ANNOTATIONS } from './annotations.ts';
import { DASHBOARDS } from './index.ts';
import type { Dashboard } from './model.ts';
import { NEEDS } from './needs.ts';

/** Every panel with the question that it answers, for the reference. */
export function dashboardsMarkdown(): string {
  const annotations = ANNOTATIONS.map(({ name, text, expr }) => [name, text, code(expr)]);
  return [
    ...DASHBOARDS.flatMap(sections),
    '## Annotations',
    'Marked on every dashboard, at the times at which the expression is above 0.',
    table(['annotation', 'says', 'expression'], annotations),
  ].join('\n\n');
}

function sections({ title, uid, description, variables, rows }: Dashboard): string[] {
  const names = variables.map(({ name }) => code(`$${name}`)).join(', ');
  return [
    `## ${title}`,
    `${description} At \`/d/${uid}\`; variables ${names}.`,
    ...rows.flatMap((row) => [
      `### ${row.title}`,
      table(
        ['panel', 'what it tells'],
        row.panels.map(({ title, description, queries }) => {
          const needs = new Set(queries.flatMap((query) => query.needs ?? []));
          const lacks = [...needs].map((need) => `Without ${NEEDS[need]}, it lacks data.`);
          return [title, [description, ...lacks].join(' ')];
        }),
      ),
    ]),
  ];
}
