/**
 * A path with parameters as OpenAPI writes them: `/reports/{id}.csv`. A last segment `*` takes the
 * rest of the path, slashes included.
 */
export interface PathTemplate {
  readonly text: string;
  readonly parameters: readonly string[];
  /** Static text and parameter names in turn; static text is at the even places. */
  readonly parts: readonly string[];
}

export type PathParameters = Readonly<Record<string, string | undefined>>;

const TEMPLATE =
  /^(?=\/)(\/(?:[A-Za-z0-9._~!$&'()+,;=:@-]|%[0-9A-Fa-f]{2}|\{[A-Za-z_]\w*\})*)*(\/\*)?$/;
/** A parameter as other routers write it: as text it would match nothing that anybody meant. */
const COLON_SEGMENT = /\/:([A-Za-z_]\w*)/;
const PARAMETER = /\{(\w+)\}|\*$/g;

/**
 * Reads a template.
 * @throws TypeError when it is not one: no leading slash, an unknown character, a repeated name, two
 * parameters with nothing between them, or `:name` for `{name}`.
 */
export function parsePathTemplate(text: string): PathTemplate {
  if (!TEMPLATE.test(text)) {
    throw new TypeError(
      `"${text}" is no path: begin with "/", write a parameter as "{name}", and "*" only as the last segment`,
    );
  }
  if (text.includes('}{')) {
    throw new TypeError(`"${text}" has two parameters with nothing between them`);
  }
  const [, named] = COLON_SEGMENT.exec(text) ?? [];
  if (named !== undefined) {
    throw new TypeError(`"${text}": ":${named}" is no parameter here; write it as "{${named}}"`);
  }
  const parts: string[] = [];
  let from = 0;
  for (const match of text.matchAll(PARAMETER)) {
    parts.push(text.slice(from, match.index), match[1] ?? '*');
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  const parameters = parts.filter((_, index) => index % 2 === 1);
  const repeated = parameters.find((name, index) => parameters.indexOf(name) !== index);
  if (repeated !== undefined)
    throw new TypeError(`"${text}" has the parameter "${repeated}" twice`);
  return { text, parameters, parts };
}

/** The template as find-my-way writes it: `/reports/:id.csv`. */
export function routerPattern(template: PathTemplate): string {
  return template.parts
    .map((part, index) => {
      if (index % 2 === 0) return part.replaceAll(':', '::');
      return part === '*' ? '*' : `:${part}`;
    })
    .join('');
}

/**
 * Makes a function that fills the template with decoded parameters, each encoded anew: what leaves
 * is in one canonical form whatever came in.
 */
export function pathBuilder({ parts }: PathTemplate): (parameters: PathParameters) => string {
  const [first = '', ...rest] = parts;
  return (parameters) => {
    let path = first;
    for (let index = 0; index < rest.length; index += 2) {
      const name = rest[index] as string;
      const value = parameters[name] ?? '';
      path += name === '*' ? encodeSegments(value) : encodeURIComponent(value);
      path += rest[index + 1] as string;
    }
    return path;
  };
}

function encodeSegments(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
