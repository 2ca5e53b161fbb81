import type { DrawnPanel } from './dashboard-file.ts';
import type { PanelData } from './panel-data.ts';
import { escapeText } from './svg.ts';
import { formatValue } from './units.ts';

/** Joins the queries by the label of their lines, the largest of the first column on top. */
export function drawTable(panel: DrawnPanel, { results }: PanelData, mostLines: number): string {
  const join = panel.transformations?.find(({ id }) => id === 'joinByField')?.options.byField ?? '';
  const names = panel.transformations?.find(({ id }) => id === 'organize')?.options.renameByName;
  const lines = new Map<string, Map<string, number>>();
  for (const { target, series } of results) {
    for (const { labels, points } of series) {
      const key = labels[join] ?? '';
      const cells = lines.get(key) ?? new Map<string, number>();
      lines.set(key, cells.set(target.refId, points.at(-1)?.[1] ?? Number.NaN));
    }
  }
  const [first] = results;
  const order = ([, cells]: [string, Map<string, number>]) =>
    cells.get(first?.target.refId ?? '') ?? 0;
  const sorted = [...lines].toSorted((a, b) => order(b) - order(a));
  const unitOf = (heading: string) =>
    panel.fieldConfig.overrides.find(({ matcher }) => matcher.options === heading)?.properties[0]
      ?.value ?? panel.fieldConfig.defaults.unit;
  const headings = [names?.[join] ?? join, ...results.map(({ target }) => target.legendFormat)];
  return `<table><tr>${headings.map((heading) => `<th>${escapeText(heading)}</th>`).join('')}</tr>${sorted
    .slice(0, mostLines)
    .map(
      ([key, cells]) =>
        `<tr><td>${escapeText(key)}</td>${results
          .map(({ target: { refId, legendFormat } }) => {
            const value = formatValue(cells.get(refId) ?? Number.NaN, unitOf(legendFormat));
            return `<td>${escapeText(value)}</td>`;
          })
          .join('')}</tr>`,
    )
    .join('')}</table>`;
}
