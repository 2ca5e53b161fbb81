import type { DrawnDashboard, DrawnPanel } from './dashboard-file.ts';
import type { Size } from './frame.ts';
import { drawHeatmap } from './heatmap.ts';
import type { Mark, NamedSeries, PanelData } from './panel-data.ts';
import { drawStat } from './stat.ts';
import { COLORS, colorOf, escapeText } from './svg.ts';
import { drawTable } from './table.ts';
import { drawTimeSeries, largestOf } from './time-series.ts';
import { formatValue } from './units.ts';

const COLUMN = 44;
const LINE = 30;
const GAP = 8;
const HEADER = 74;
const TITLE = 24;
const LEGEND_LINE = 15;
const TABLE_LINE = 21;
/** So many series are named below a chart; the rest are counted. */
const MOST_LEGENDS = 6;

export interface DrawnPage extends Size {
  readonly html: string;
}

/** So many lines of Grafana's grid are one picture; more would be too large to read. */
const MOST_LINES = 45;

/** A dashboard as HTML pages of fixed size, each some of its rows. */
export function drawPages(
  dashboard: DrawnDashboard,
  data: ReadonlyMap<DrawnPanel, PanelData>,
  marks: readonly Mark[],
): DrawnPage[] {
  return pagesOf(dashboard.panels).map((panels) => {
    const top = panels[0]?.gridPos.y ?? 0;
    const moved = panels.map((panel) => ({
      panel: { ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y - top } },
      data: data.get(panel),
    }));
    return drawPage(dashboard, moved, marks);
  });
}

/** Whole rows, as many as fit. */
function pagesOf(panels: readonly DrawnPanel[]): DrawnPanel[][] {
  const rows: DrawnPanel[][] = [];
  for (const panel of panels) {
    if (panel.type === 'row') rows.push([]);
    rows.at(-1)?.push(panel);
  }
  const pages: DrawnPanel[][] = [];
  for (const row of rows) {
    const page = pages.at(-1);
    const top = page?.[0]?.gridPos.y ?? 0;
    if (page && bottomOf(row) - top <= MOST_LINES) page.push(...row);
    else pages.push(row);
  }
  return pages;
}

const bottomOf = (panels: readonly DrawnPanel[]) =>
  Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));

function drawPage(
  { uid, title, description }: DrawnDashboard,
  panels: readonly { readonly panel: DrawnPanel; readonly data: PanelData | undefined }[],
  marks: readonly Mark[],
): DrawnPage {
  const width = 24 * COLUMN + 2 * GAP;
  const height = HEADER + bottomOf(panels.map(({ panel }) => panel)) * LINE + 2 * GAP;
  const some = panels.find(({ data }) => data)?.data;
  const html = `<!doctype html><meta charset="utf-8"><style>${STYLE}</style>
<header><h1>${escapeText(title)}</h1><p>${escapeText(description)}</p>
<p class="origin">Drawn from grafana/dashboards/${uid}.json by npm run dashboards:draw, not by Grafana: its expressions, asked of Prometheus${some ? `, ${rangeText(some)}` : ''}.${marksText(marks)}</p></header>
${panels.map(({ panel, data }) => drawPanel(panel, data, marks)).join('\n')}`;
  return { html, width, height };
}

function drawPanel(panel: DrawnPanel, data: PanelData | undefined, marks: readonly Mark[]): string {
  const { x, y, w, h } = panel.gridPos;
  const place = `left:${GAP + x * COLUMN}px;top:${HEADER + y * LINE}px;width:${w * COLUMN - GAP}px;height:${h * LINE - GAP}px`;
  const title = escapeText(panel.title);
  if (panel.type === 'row') return `<h2 style="${place}">${title}</h2>`;
  return `<section style="${place}"><h3>${title}</h3>${data ? drawContent(panel, data, marks) : ''}</section>`;
}

function drawContent(panel: DrawnPanel, data: PanelData, marks: readonly Mark[]): string {
  const { w, h } = panel.gridPos;
  const { unit, noValue } = panel.fieldConfig.defaults;
  const inner = { width: w * COLUMN - GAP - 2, height: h * LINE - GAP - 2 - TITLE };
  const series = data.results.flatMap((result) => result.series);
  if (series.length === 0) {
    return `<p class="empty">${escapeText(noValue ?? 'No data')}</p>`;
  }
  switch (panel.type) {
    case 'stat':
      return svg(inner, drawStat(panel, data, inner));
    case 'heatmap':
      return svg(inner, drawHeatmap(unit, data, inner));
    case 'table':
      return drawTable(panel, data, Math.floor(inner.height / TABLE_LINE) - 1);
    default: {
      const named = Math.min(series.length, MOST_LEGENDS) + (series.length > MOST_LEGENDS ? 1 : 0);
      const rows = Math.ceil(named / (w > 12 ? 3 : 2));
      const size = { ...inner, height: inner.height - rows * LEGEND_LINE - 4 };
      return svg(size, drawTimeSeries(panel, data, marks, size)) + legend(series, unit, w);
    }
  }
}

/** The series with the largest values, as Grafana's legend sorts them. */
function legend(series: readonly NamedSeries[], unit: string, columns: number): string {
  const entries = series
    .map(({ name, points }, index) => {
      const values = points.map(([, value]) => value);
      return {
        name,
        color: colorOf(index),
        last: values.findLast((value) => !Number.isNaN(value)) ?? Number.NaN,
        most: largestOf(values),
      };
    })
    .toSorted((a, b) => b.most - a.most);
  const more = entries.length - MOST_LEGENDS;
  const items = entries
    .slice(0, MOST_LEGENDS)
    .map(
      ({ name, color, last, most }) =>
        `<li><i style="background:${color}"></i><b>${escapeText(name)}</b><s>${valueText(name, last, most, unit)}</s></li>`,
    );
  if (more > 0) items.push(`<li>and ${more} more</li>`);
  return `<ul class="${columns > 12 ? 'wide' : ''}">${items.join('')}</ul>`;
}

/** A long name leaves room for one of the two values. */
function valueText(name: string, last: number, most: number, unit: string): string {
  const text = formatValue(last, unit);
  return name.length > 20 ? text : `${text} · max ${formatValue(most, unit)}`;
}

const svg = ({ width, height }: Size, content: string) =>
  `<svg width="${width}" height="${height}">${content}</svg>`;

function rangeText({ range: { from, to } }: PanelData): string {
  const text = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 16);
  return `${text(from).replace('T', ' ')} to ${text(to).slice(11)} UTC`;
}

function marksText(marks: readonly Mark[]): string {
  const kinds = [...new Map(marks.map(({ text, color }) => [text, color]))];
  const items = kinds
    .slice(0, MOST_LEGENDS)
    .map(
      ([text, color]) => `<span style="color:${COLORS[color] ?? color}">${escapeText(text)}</span>`,
    );
  const more = kinds.length - items.length;
  if (more > 0) items.push(`${more} more`);
  return items.length === 0 ? '' : ` Dashed: ${items.join(', ')}.`;
}

const STYLE = `
*{box-sizing:border-box;margin:0;padding:0}
body{font:12px "DejaVu Sans","Liberation Sans",Arial,sans-serif;background:#f4f5f7;color:#24292f}
header{position:absolute;left:${GAP}px;top:6px;right:${GAP}px;height:${HEADER - 8}px;overflow:hidden}
h1{font-size:20px;display:inline;margin-right:12px}header p{display:inline}header p.origin{display:block;margin-top:6px;color:#57606a;font-size:11px}
h2{position:absolute;font-size:13px;line-height:21px;padding:0 2px;border-bottom:1px solid #d0d7de;overflow:hidden}
section{position:absolute;background:#fff;border:1px solid #d8dde3;border-radius:3px;overflow:hidden}
h3{font-size:12px;height:${TITLE}px;line-height:${TITLE}px;padding-left:8px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
svg{display:block}svg text{font-size:10.5px}svg text:not([fill]){fill:#57606a}
ul{list-style:none;display:grid;grid-template-columns:1fr 1fr;column-gap:10px;padding:2px 8px}ul.wide{grid-template-columns:1fr 1fr 1fr}
li{display:flex;align-items:center;height:${LEGEND_LINE}px;font-size:10.5px;white-space:nowrap;overflow:hidden;color:#57606a}
li i{flex:none;width:10px;height:3px;margin-right:5px}li b{font-weight:400;color:#24292f;margin-right:8px;overflow:hidden;text-overflow:ellipsis}li s{text-decoration:none;flex:none}
.empty{padding:12% 10px 0;text-align:center;color:#8b949e}
table{width:100%;border-collapse:collapse;font-size:11.5px}th,td{text-align:right;height:${TABLE_LINE}px;padding:0 8px;border-bottom:1px solid #eef0f2}th:first-child,td:first-child{text-align:left}th{color:#57606a;font-weight:600}
`;
