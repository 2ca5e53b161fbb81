import { el, setText, svg } from '../dom.ts';
import type { LineStyle } from './palette.ts';

export interface LegendLine {
  readonly label: string;
  readonly style: LineStyle;
}

export interface Legend {
  readonly root: HTMLElement;
  setLines(lines: readonly LegendLine[]): void;
  /** One text for each line. */
  setValues(values: readonly string[]): void;
}

/** Names the lines of a chart, with a sample of each and its value. */
export function createLegend(): Legend {
  const root = el('ul', { class: 'legend' });
  let values: HTMLElement[] = [];
  return {
    root,
    setLines(lines) {
      values = lines.map(() => el('span', { class: 'legend-value' }));
      const items = lines.map(({ label, style }, index) =>
        el('li', {}, sample(style), el('span', {}, label), ' ', values[index] ?? ''),
      );
      root.replaceChildren(...items);
    },
    setValues(texts) {
      texts.forEach((text, index) => {
        const value = values[index];
        if (value) setText(value, text);
      });
    },
  };
}

function sample({ color, dash, width }: LineStyle): SVGElement {
  const line = svg('line', {
    x1: 1,
    x2: 23,
    y1: 5,
    y2: 5,
    'stroke-width': width + 0.5,
    'stroke-dasharray': dash.length > 0 ? dash.join(' ') : undefined,
    class: `line-${color}`,
  });
  return svg('svg', { width: 24, height: 10, 'aria-hidden': 'true', class: 'sample' }, line);
}
