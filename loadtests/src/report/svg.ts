/** What charts are made of. */

/** Readable on both grounds, and apart for most who are colour-blind; the dark ones are lighter. */
const LIGHT = [
  '#1f6fb4',
  '#c45a11',
  '#1b8a5a',
  '#b3276b',
  '#6d5bb8',
  '#8a6d00',
  '#4a6b7c',
  '#b02a2a',
];
const DARK = [
  '#6cb2f0',
  '#f39a5b',
  '#56c596',
  '#f07ab3',
  '#a99bf0',
  '#d9b845',
  '#9fbccb',
  '#f08080',
];

export const COLOURS = LIGHT.length;

const rules = (colours: readonly string[]) =>
  colours.map((colour, index) => `.s${index}{--c:${colour}}`).join('');

/** The ground is the chart's own, so that it can be read wherever it is shown. */
const STYLE = `
:root{--ground:#fff;--ink:#1d2430;--soft:#5b6675;--grid:#e3e7ec}${rules(LIGHT)}
@media (prefers-color-scheme:dark){:root{--ground:#161b22;--ink:#e6e9ee;--soft:#9aa5b4;--grid:#2d343e}${rules(DARK)}}
.ground{fill:var(--ground)}text{font:12px system-ui,-apple-system,'Segoe UI',sans-serif;fill:var(--soft)}
.title{font-size:15px;font-weight:600;fill:var(--ink)}.legend,.value{fill:var(--ink)}.value{font-size:10px}
.grid{stroke:var(--grid)}.axis{stroke:var(--soft)}.mark{stroke:var(--soft);stroke-dasharray:2 3}
.level{stroke:var(--ink);stroke-dasharray:6 4}
.line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round}.dashed{stroke-dasharray:5 4}
.dot,.bar{fill:var(--c)}`;

export interface Size {
  readonly width: number;
  readonly height: number;
}

export function svgDocument(
  { width, height }: Size,
  title: string,
  body: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${width}" height="${height}" rx="6"/>`,
    ...body,
    '</svg>\n',
  ].join('\n');
}

export type Anchor = 'start' | 'middle' | 'end';

export function textAt(
  x: number,
  y: number,
  text: string,
  { anchor = 'start', style }: { anchor?: Anchor; style?: string } = {},
): string {
  const named = style === undefined ? '' : ` class="${style}"`;
  return `<text x="${pixel(x)}" y="${pixel(y)}" text-anchor="${anchor}"${named}>${escapeText(text)}</text>`;
}

export function lineAt(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<line class="${style}" x1="${pixel(x1)}" y1="${pixel(y1)}" x2="${pixel(x2)}" y2="${pixel(y2)}"/>`;
}

/** One digit after the point is finer than any screen. */
export const pixel = (value: number) => String(Math.round(value * 10) / 10);

/** About how wide a text of 12 px is. */
export const textWidth = (text: string) => text.length * 6.4;

export function escapeText(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // Characters that XML does not have.
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
  );
}
