/** A reader of XML that is strict about what charts consist of: elements, attributes, text. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
}

const TOKEN = /<(\/?)([a-z]+)((?:\s+[a-zA-Z][\w-]*="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;

/** @throws Error where the text is not well-formed. */
export function elementsOf(xml: string): readonly Element[] {
  const elements: Element[] = [];
  const open: Element[] = [];
  let end = 0;
  for (const match of xml.matchAll(TOKEN)) {
    const [whole, closing, name = '', attributes = '', empty, text] = match;
    end = match.index + whole.length;
    if (text !== undefined) {
      if (/&(?!amp;|lt;|gt;|quot;)|>/.test(text)) throw new Error(`A stray character in "${text}"`);
      const last = open.at(-1);
      if (last !== undefined) last.text += unescaped(text);
    } else if (closing === '/') {
      const last = open.pop();
      if (last?.name !== name) throw new Error(`</${name}> closes <${last?.name}>`);
    } else {
      const element = { name, attributes: attributesOf(attributes), text: '' };
      elements.push(element);
      if (empty !== '/') open.push(element);
    }
  }
  if (end !== xml.length) throw new Error(`Not well-formed at: ${xml.slice(end, end + 80)}`);
  if (open.length > 0) throw new Error(`<${open.at(-1)?.name}> is not closed`);
  return elements;
}

function attributesOf(text: string): Record<string, string> {
  const found = [...text.matchAll(/([a-zA-Z][\w-]*)="([^"]*)"/g)];
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, unescaped(value)]));
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
