/**
 * Keeps what `create` makes for each combination of labels, so that binding labels costs once and
 * not at every observation.
 */
export function perLabels<Labels extends readonly string[], Child>(
  create: (...labels: Labels) => Child,
): (...labels: Labels) => Child {
  const children = new Map<string, Child>();
  return (...labels) => {
    // NUL cannot be part of a header, route or queue name, so two combinations never share a key.
    const key = labels.length === 1 ? (labels[0] as string) : labels.join('\0');
    let child = children.get(key);
    if (child === undefined) {
      child = create(...labels);
      children.set(key, child);
    }
    return child;
  };
}
