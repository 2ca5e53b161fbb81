/** The encodings that `compress` can make. */
export const ENCODINGS = ['zstd', 'br', 'gzip'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/**
 * The encoding that a client likes best of those `offered`, which are in our own order of liking;
 * undefined for none (RFC 9110 12.5.3).
 */
export function chooseEncoding(
  header: string | undefined,
  offered: readonly Encoding[],
): Encoding | undefined {
  if (header === undefined) return undefined;
  const weights = weightsOf(header);
  let best: Encoding | undefined;
  // What names no encoding of ours may still be liked better: the body as it is.
  let bestWeight = weights.get('identity') ?? 0;
  for (const encoding of offered) {
    const weight = weightOf(encoding, weights);
    if (weight > 0 && (best === undefined ? weight >= bestWeight : weight > bestWeight)) {
      best = encoding;
      bestWeight = weight;
    }
  }
  return best;
}

function weightOf(encoding: Encoding, weights: ReadonlyMap<string, number>): number {
  const own = weights.get(encoding) ?? (encoding === 'gzip' ? weights.get('x-gzip') : undefined);
  return own ?? weights.get('*') ?? 0;
}

const WEIGHT = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;

function weightsOf(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const part of header.split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    if (name === '') continue;
    const weight = parameters.find((text) => text.startsWith('q='));
    // A weight that is none refuses: a body that the client cannot read would be worse than a long one.
    weights.set(name, weight === undefined ? 1 : Number(WEIGHT.exec(weight)?.[1] ?? 0));
  }
  return weights;
}
