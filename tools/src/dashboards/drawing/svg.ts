/** Colours of series, in their order; readable on white, and apart for most who are colour-blind. */
export const PALETTE = [
  '#1f77b4',
  '#e6772e',
  '#2a9d5c',
  '#c9302c',
  '#8258b5',
  '#0aa3a3',
  '#b8860b',
  '#d6498f',
  '#6b7a8f',
  '#7a4b2a',
] as const;

export const COLORS: Readonly<Record<string, string>> = {
  green: '#2a9d5c',
  yellow: '#b8860b',
  orange: '#e6772e',
  red: '#c9302c',
  blue: '#1f77b4',
  purple: '#8258b5',
};

export const colorOf = (index: number) => PALETTE[index % PALETTE.length] ?? PALETTE[0];

export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** Pixels need one digit after the point, which keeps the page small. */
export const pixel = (value: number) => String(Math.round(value * 10) / 10);

export function textAt(x: number, y: number, text: string, attributes = ''): string {
  return `<text x="${pixel(x)}" y="${pixel(y)}" ${attributes}>${escapeText(text)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: string): string {
  return `<line x1="${pixel(x1)}" y1="${pixel(y1)}" x2="${pixel(x2)}" y2="${pixel(y2)}" ${attributes}/>`;
}
