type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
type Child = Node | string;

/** An HTML element; `false` and `undefined` leave an attribute out, `true` gives it no value. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/** An SVG element. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/** Sets what has changed and nothing else: an untouched element costs no layout. */
export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    const text = value === true ? '' : value;
    if (text === undefined || text === false) element.removeAttribute(name);
    else if (element.getAttribute(name) !== `${text}`) element.setAttribute(name, `${text}`);
  }
}

export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** What stands for one item of a list. */
export interface ItemView<Item> {
  readonly root: Element;
  update(item: Item): void;
}

/**
 * Keeps the children of `parent` as `items` are, one for each key. Elements stay while their item
 * does, so that focus and selection survive an update.
 */
export function keyedList<Item>(
  parent: Element,
  keyOf: (item: Item) => string,
  create: (item: Item) => ItemView<Item>,
): (items: readonly Item[]) => void {
  const views = new Map<string, ItemView<Item>>();
  return (items) => {
    const keys = new Set(items.map(keyOf));
    for (const [key, view] of views) {
      if (keys.has(key)) continue;
      view.root.remove();
      views.delete(key);
    }
    items.forEach((item, index) => {
      const key = keyOf(item);
      const view = views.get(key) ?? create(item);
      views.set(key, view);
      view.update(item);
      const there = parent.children[index];
      if (there !== view.root) parent.insertBefore(view.root, there ?? null);
    });
  };
}
