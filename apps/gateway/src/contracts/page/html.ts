/** HTML that is safe to put into a page as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

type Part = Html | string | number | undefined | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Makes HTML of a template: every value is escaped, save what is HTML already. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(
    strings.map((text, index) => (index === 0 ? text : written(parts[index - 1]) + text)).join(''),
  );
}

function written(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(written).join('');
  return String(part).replaceAll(/[&<>"']/g, (character) => ESCAPES[character] as string);
}

/** A description, as Markdown has it in little: paragraphs, lists, `code`, **strong**. No links, no HTML. */
export function prose(text: unknown): Html | undefined {
  if (typeof text !== 'string' || text.trim() === '') return undefined;
  return new Html(
    text
      .trim()
      .split(/\n\s*\n/)
      .map((block) => {
        const lines = block.split('\n');
        const isList = lines.every((line) => /^\s*[-*] /.test(line));
        if (!isList) return `<p>${inline(block)}</p>`;
        const items = lines.map((line) => `<li>${inline(line.replace(/^\s*[-*] /, ''))}</li>`);
        return `<ul>${items.join('')}</ul>`;
      })
      .join(''),
  );
}

/** A line of a description. */
export function proseLine(text: unknown): Html | undefined {
  return typeof text === 'string' ? new Html(inline(text)) : undefined;
}

function inline(text: string): string {
  return written(text)
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');
}
