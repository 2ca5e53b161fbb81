import type { Axis, BarChart, Chart, LineChart } from './chart.ts';
import { numberText } from './numbers.ts';
import { createScale } from './scale.ts';
import type { Scale } from './scale.ts';
import { COLOURS, lineAt, pixel, svgDocument, textAt, textWidth } from './svg.ts';

const WIDTH = 760;
const PLOT = { left: 64, right: 736, top: 62, bottom: 300 };
const LEGEND_TOP = 360;
const ROW = 20;
/** Values over the bars, as long as they do not run into each other. */
const NARROWEST_NAMED_BAR = 26;
/** Points that are apart from each other have dots. */
const MOST_DOTS = 40;

/** A chart as an SVG document that needs nothing beside it. */
export function drawChart(chart: Chart): string {
  const legend = legendOf(chart);
  const body = chart.kind === 'lines' ? linesOf(chart) : barsOf(chart);
  return svgDocument({ width: WIDTH, height: LEGEND_TOP + legend.rows * ROW }, chart.title, [
    textAt(20, 28, chart.title, { style: 'title' }),
    textAt(20, 50, axisTitle(chart.y)),
    ...body,
    ...legend.body,
  ]);
}

const axisTitle = ({ title, unit }: Axis) => (unit === '' ? title : `${title} (${unit})`);

function linesOf({ x, y, series, marks = [], levels = [] }: LineChart): readonly string[] {
  const points = series.flatMap((each) => each.points);
  const known = (value: number, { logarithmic = false }: Axis) =>
    Number.isFinite(value) && (!logarithmic || value > 0);
  const xs = points.map(([at]) => at).concat(marks.map((mark) => mark.x));
  const across = createScale(x, xs, [PLOT.left, PLOT.right]);
  const ys = points.map(([, value]) => value).concat(levels.map((level) => level.y));
  const up = createScale(y, ys, [PLOT.bottom, PLOT.top]);
  const drawn = series.flatMap(({ points: own, dashed = false }, index) => {
    const pieces: string[][] = [[]];
    const dots: string[] = [];
    for (const [at, value] of own) {
      if (!known(at, x) || !known(value, y)) {
        pieces.push([]);
        continue;
      }
      const [left, top] = [pixel(across.at(at)), pixel(up.at(value))];
      pieces.at(-1)?.push(`${left},${top}`);
      dots.push(`<circle class="dot s${index % COLOURS}" cx="${left}" cy="${top}" r="3.5"/>`);
    }
    const style = `line s${index % COLOURS}${dashed ? ' dashed' : ''}`;
    const lines = pieces
      .filter((piece) => piece.length > 1)
      .map((piece) => `<polyline class="${style}" points="${piece.join(' ')}"/>`);
    return own.length <= MOST_DOTS ? [...lines, ...dots] : lines;
  });
  return [
    ...gridOf(up),
    ...acrossTicks(across, xs),
    textAt((PLOT.left + PLOT.right) / 2, PLOT.bottom + 38, axisTitle(x), { anchor: 'middle' }),
    ...marks.flatMap((mark) => markAt(across.at(mark.x), mark.title)),
    ...levels.flatMap((level) => levelAt(up.at(level.y), level.title)),
    ...drawn,
  ];
}

/** What was measured stands below the axis where that is little; else round numbers do. */
function acrossTicks(scale: Scale, values: readonly number[]): readonly string[] {
  const own = [...new Set(values)].toSorted((a, b) => a - b);
  const apart = own.every(
    (value, index) => index === 0 || scale.at(value) - scale.at(own[index - 1] ?? value) > 34,
  );
  const ticks =
    own.length > 0 && own.length <= 8 && apart
      ? own.map((value) => ({ value, text: numberText(value) }))
      : scale.ticks;
  return ticks.flatMap(({ value, text }) => [
    lineAt(scale.at(value), PLOT.bottom, scale.at(value), PLOT.bottom + 5, 'axis'),
    textAt(scale.at(value), PLOT.bottom + 19, text, { anchor: 'middle' }),
  ]);
}

function barsOf({ y, groups, series, levels = [] }: BarChart): readonly string[] {
  const values = series.flatMap((each) => each.values).concat(levels.map((level) => level.y));
  const up = createScale(y, values, [PLOT.bottom, PLOT.top]);
  const groupWidth = (PLOT.right - PLOT.left) / Math.max(1, groups.length);
  const barWidth = Math.min(64, (groupWidth * 0.8) / Math.max(1, series.length));
  const floor = y.logarithmic ? PLOT.bottom : up.at(0);
  const drawn = groups.flatMap((group, place) => {
    const middle = PLOT.left + (place + 0.5) * groupWidth;
    const first = middle - (barWidth * series.length) / 2;
    const bars = series.flatMap(({ values: own }, index) => {
      const value = own[place] ?? Number.NaN;
      if (!Number.isFinite(value) || (y.logarithmic && value <= 0)) return [];
      const top = up.at(value);
      const left = first + index * barWidth;
      const bar = `<rect class="bar s${index % COLOURS}" x="${pixel(left + 1)}" y="${pixel(top)}" width="${pixel(barWidth - 2)}" height="${pixel(Math.max(0, floor - top))}"/>`;
      if (barWidth < NARROWEST_NAMED_BAR) return [bar];
      const named = { anchor: 'middle', style: 'value' } as const;
      return [bar, textAt(left + barWidth / 2, top - 4, numberText(value), named)];
    });
    return [
      ...bars,
      ...wrapped(group, groupWidth).map((line, row) =>
        textAt(middle, PLOT.bottom + 18 + row * 15, line, { anchor: 'middle' }),
      ),
    ];
  });
  return [
    ...gridOf(up),
    ...drawn,
    ...levels.flatMap((level) => levelAt(up.at(level.y), level.title)),
  ];
}

/** At most two lines; the second ends with three points where there is more. */
function wrapped(text: string, width: number): readonly string[] {
  const most = Math.max(4, Math.floor(width / 6.4));
  if (text.length <= most) return [text];
  const space = text.lastIndexOf(' ', most);
  const first = text.slice(0, space > 0 ? space : most);
  const rest = text.slice(first.length).trim();
  return [first, rest.length <= most ? rest : `${rest.slice(0, most - 1)}…`];
}

function gridOf(up: Scale): readonly string[] {
  return [
    ...up.ticks.flatMap(({ value, text }) => [
      lineAt(PLOT.left, up.at(value), PLOT.right, up.at(value), 'grid'),
      textAt(PLOT.left - 8, up.at(value) + 4, text, { anchor: 'end' }),
    ]),
    lineAt(PLOT.left, PLOT.bottom, PLOT.right, PLOT.bottom, 'axis'),
  ];
}

function markAt(x: number, title: string): readonly string[] {
  const right = x + textWidth(title) > PLOT.right;
  const anchor = right ? 'end' : 'start';
  return [
    lineAt(x, PLOT.top - 10, x, PLOT.bottom, 'mark'),
    textAt(x + (right ? -5 : 5), PLOT.top - 6, title, { anchor }),
  ];
}

function levelAt(y: number, title: string): readonly string[] {
  return [
    lineAt(PLOT.left, y, PLOT.right, y, 'level'),
    textAt(PLOT.right, y - 5, title, { anchor: 'end', style: 'legend' }),
  ];
}

/** A coloured stroke and a name for each series, in as many rows as they need. */
function legendOf({ series }: Chart): { readonly rows: number; readonly body: readonly string[] } {
  const body: string[] = [];
  let [x, row] = [20, 0];
  if (series.length > 0) {
    for (const [index, each] of series.entries()) {
      const width = 34 + textWidth(each.name);
      if (x > 20 && x + width > WIDTH - 20) [x, row] = [20, row + 1];
      const y = LEGEND_TOP + row * ROW;
      const dashed = 'dashed' in each && each.dashed === true ? ' dashed' : '';
      body.push(
        `<line class="line s${index % COLOURS}${dashed}" x1="${x}" y1="${y - 4}" x2="${x + 18}" y2="${y - 4}"/>`,
        textAt(x + 24, y, each.name, { style: 'legend' }),
      );
      x += width + 14;
    }
  }
  return { rows: row + 1, body };
}
