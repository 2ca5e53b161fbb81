/** One series at one time. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export type Labels = Readonly<Record<string, string | undefined>>;

/** One series of an exposition, known by its whole text (`name{label="value"}`). */
export interface Series extends Sample {
  readonly name: string;
  readonly id: string;
}

const LINE =
  /^([A-Za-z_:][\w:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)(?: \d+(?:\.\d+)?)?(?: # .*)?$/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/**
 * The series of a `/metrics` answer, in Prometheus' text format or OpenMetrics; exemplars and
 * timestamps are passed over, lines that are neither are left out.
 */
export function parseExposition(text: string, wanted: (name: string) => boolean): Series[] {
  const found: Series[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const end = line.search(/[{ ]/);
    if (end === -1 || !wanted(line.slice(0, end))) continue;
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    found.push({
      id: `${name}{${labels}}`,
      name,
      labels: readLabels(labels),
      value: readNumber(value),
    });
  }
  return found;
}

/** `+Inf`, `-Inf` and `NaN` beside JavaScript's own. */
export function readNumber(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return Number(text);
}

function readLabels(text: string): Labels {
  const labels: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(LABEL)) {
    labels[name as string] = (value as string).replaceAll(/\\(.)/g, (_, one: string) =>
      one === 'n' ? '\n' : one,
    );
  }
  return labels;
}

export function sumOf(samples: readonly Sample[]): number {
  return samples.reduce((sum, { value }) => sum + value, 0);
}
