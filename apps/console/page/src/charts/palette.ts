/** How a line looks: told apart by its dashes as well as by its colour. */
export interface LineStyle {
  /** The number of a colour of the style sheet, `--line-1` to `--line-8`. */
  readonly color: number;
  /** Lengths of dashes and gaps in CSS pixels; empty for a solid line. */
  readonly dash: readonly number[];
  readonly width: number;
}

const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3]] as const;
const COLORS = 8;

/** The style of the `index`-th of many lines; 32 are different. */
export function lineStyle(index: number): LineStyle {
  const dash = DASHES[(index + Math.floor(index / COLORS)) % DASHES.length] ?? [];
  return { color: (index % COLORS) + 1, dash, width: 1.75 };
}

/** A colour of the style sheet as it is now: it changes with the theme. */
export function colorOf(variable: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
}

export const lineColor = ({ color }: LineStyle): string => colorOf(`--line-${color}`);
