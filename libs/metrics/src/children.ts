/**
 * Keeps what `create` makes for each combination of labels, so that binding labels costs once and
 * not at every observation. Nested tables: strings that exist are found faster than a joined key is made.
 */
export function perLabels<Labels extends readonly string[], Child>(
  create: (...labels: Labels) => Child,
): (...labels: Labels) => Child {
  const root: Table<Child> = { tables: new Map(), child: undefined };
  return (...labels) => {
    let table = root;
    for (const label of labels) {
      let next = table.tables.get(label);
      if (next === undefined) {
        next = { tables: new Map(), child: undefined };
        table.tables.set(label, next);
      }
      table = next;
    }
    table.child ??= { value: create(...labels) };
    return table.child.value;
  };
}

interface Table<Child> {
  readonly tables: Map<string, Table<Child>>;
  child: { readonly value: Child } | undefined;
}
